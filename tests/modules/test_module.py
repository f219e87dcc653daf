"""Reading a module's files: what is declared, in every syntax; what is broken is a warning."""

import json

import pytest

from blockyard.modules.module import Provider, Validation, decoded, read

NATIVE = """
# terraform { backend "commented" {} }
/* backend "also" {} */
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws    = { source = "hashicorp/aws", version = "~> 5.0" }
    random = "3.1"
  }
}

variable "name" {
  type        = string
  description = <<-EOT
    The name
      of it
  EOT
  nullable    = false
  validation {
    condition     = can(regex("^[a-z\\\\.]{3,20}$", var.name))
    error_message = "3 to 20 \\"letters\\""
  }
}

variable "size" {
  type = object({
    width  = number # metres
    height = optional(number, 3)
  })
  default   = { width = 1 }
  sensitive = true
}

variable "free" {}

output "z-z" {
  value       = [for s in var.size : upper("${s}") if s != ""]
  description = "all"
}
output "secret" {
  value     = var.name
  sensitive = true
}
"""

JSON = json.dumps(
    {
        "terraform": {"required_version": ">= 1.9", "required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "variable": {"name": {"type": "string", "default": "x", "validation": [{"condition": "${true}"}]}},
        "output": [{"o": {"value": "${var.name}", "sensitive": True}}],
    }
)


def test_native_syntax_is_read() -> None:
    module = read({"main.tf": NATIVE})

    name, size, free = (module.variables[key] for key in ("name", "size", "free"))
    assert (name.type_text, name.description, name.nullable) == ("string", "The name\n  of it\n", False)
    assert name.validations == (
        Validation(condition='can(regex("^[a-z\\\\.]{3,20}$", var.name))', error_message='3 to 20 "letters"'),
    )
    assert name.pattern == ("^[a-z\\.]{3,20}$", '3 to 20 "letters"')
    assert size.type_text == "object({\n    width  = number # metres\n    height = optional(number, 3)\n  })"
    assert (size.default(), size.sensitive, size.nullable) == ({"width": 1}, True, True)
    assert (free.type_text, free.default_text, free.description) == (None, None, None)
    assert {key: (o.description, o.sensitive) for key, o in module.outputs.items()} == {
        "z-z": ("all", False),
        "secret": (None, True),
    }
    assert module.required_versions == (">= 1.9",)
    assert module.providers == {
        "aws": Provider(source="hashicorp/aws", version="~> 5.0"),
        "random": Provider(version="3.1"),
    }
    assert (module.backend, module.warnings) == (None, ())


def test_windows_line_ends_are_read() -> None:
    assert read({"main.tf": NATIVE.replace("\n", "\r\n")}).variables == read({"main.tf": NATIVE}).variables


def test_json_syntax_is_read() -> None:
    module = read({"main.tf.json": JSON})

    assert module.variables["name"].type_text == "string"
    assert module.variables["name"].default() == "x"
    assert module.variables["name"].validations == (Validation(condition="true"),)
    assert module.outputs["o"].sensitive
    assert module.required_versions == (">= 1.9",)
    assert module.providers == {"aws": Provider(source="hashicorp/aws")}


@pytest.mark.parametrize(
    ("name", "text", "backend"),
    [
        ("a.tf", 'terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}', "s3"),
        ("a.tf", 'terraform { backend "http" {} }', "http"),
        ("a.tofu", 'terraform { backend "local" {} }', "local"),
        ("a.tf", 'terraform {\n  cloud {\n    organization = "x"\n  }\n}', "cloud"),
        ("a.tf.json", '{"terraform": {"backend": {"gcs": {}}}}', "gcs"),
        ("a.tf.json", '{"terraform": [{"required_version": "1"}, {"backend": [{"gcs": {"x": 1}}]}]}', "gcs"),
        ("a.tofu.json", '{"terraform": {"cloud": {"organization": "x"}}}', "cloud"),
        ("a.tf", '# terraform { backend "s3" {} }', None),
        ("a.tf", '/*\nterraform {\n  backend "s3" {}\n}\n*/', None),
        ("a.tf", 'resource "x" "terraform" {\n  backend "s3" {}\n}', None),
        ("a.tf", 'locals {\n  terraform = <<E\nterraform {\n  backend "s3" {}\n}\nE\n}', None),
        ("data.json", '{"terraform": {"backend": {"gcs": {}}}}', None),
        ("list.json", "[1,2,3]", None),
        ("a.tf.json", "[]", None),
    ],
)
def test_a_backend_is_recognised(name: str, text: str, backend: str | None) -> None:
    module = read({name: text})

    assert (module.backend, module.unread) == (backend, ())


def test_a_broken_file_is_a_warning_and_its_backend_is_still_seen() -> None:
    module = read(
        {
            "a.tf": '# backend "no" {}\nterraform {\n  backend "s3" {}\n}\nvariable "x" {{{',
            "b.tf": 'variable "y" {}',
            "c.tf.json": '{"variable":',
        }
    )

    assert module.backend == "s3"
    assert list(module.variables) == ["x", "y"]
    assert [(file.name, file.line) for file in module.unread] == [("a.tf", 5), ("c.tf.json", 1)]


def test_override_files_come_last_and_merge() -> None:
    module = read(
        {
            "a_override.tf": 'variable "x" {\n  type = number\n}',
            "main.tf": 'variable "x" {\n  type = string\n  default = "1"\n  description = "d"\n}',
        }
    )

    assert (module.variables["x"].type_text, module.variables["x"].default_text) == ("number", '"1"')
    assert module.variables["x"].description == "d"


def test_a_tofu_file_replaces_its_twin_in_opentofu_only() -> None:
    files = {"main.tf": 'variable "a" {}', "main.tofu": 'variable "b" {}', "more.tf": 'variable "c" {}'}

    assert set(read(files).variables) == {"b", "c"}
    assert set(read(files, opentofu=False).variables) == {"a", "c"}


@pytest.mark.parametrize(
    ("condition", "options"),
    [
        ('contains(["a", "b"], var.x)', ("a", "b")),
        ('contains([\n  "a",\n  "b", # b\n], var.x)', ("a", "b")),
        ('var.x == null || contains(["a"], var.x)', ("a",)),
        ('var.x == null ? true : contains(["a"], var.x)', ("a",)),
        ('contains(["a", "b"], var.x) && length(var.x) > 0', ("a", "b")),
        ('var.x == "" || contains(["a", "b"], var.x)', ()),
        ('!contains(["a", "b"], var.x)', ()),
        ('contains(["a", "a", "b"], var.x)', ("a", "b")),
        ('contains(["a", "b"], var.x) == true', ("a", "b")),
        ('contains(["a", "b"], var.x) == false', ()),
        ('contains(["a", "b"], var.x) != true', ()),
        ('false == contains(["a", "b"], var.x)', ()),
        ('contains(["a", "b"], var.x) == (length(var.x) > 3)', ()),
        ('contains(["a", "b"], var.x) ? false : true', ()),
        ('alltrue([contains(["a", "b"], var.x) == false])', ()),
        ('anytrue([contains(["a", "b"], var.x), true])', ()),
        ('try(contains(["a", "b"], var.x), true)', ()),
        ('contains(toset(["a", "b"]), var.x)', ("a", "b")),
        ('((contains(["a", "b"], var.x)))', ("a", "b")),
        ('var.x != null ? contains(["a"], var.x) : true', ("a",)),
        ('contains(["a", "b"], var.other)', ()),
        ('contains(["a", "b"], lower(var.x))', ()),
        ('contains(["a", var.y], var.x)', ()),
        ("contains([1, 2], var.x)", ()),
        ("contains([], var.x)", ()),
        ("length(var.x) > 3", ()),
    ],
)
def test_allowed_values_are_read_from_a_validation(condition: str, options: tuple[str, ...]) -> None:
    text = f'variable "x" {{\n  type = string\n  validation {{\n    condition = {condition}\n  }}\n}}'

    assert read({"a.tf": text}).variables["x"].options == options


@pytest.mark.parametrize(
    ("condition", "pattern"),
    [
        ('can(regex("^a$", var.x))', "^a$"),
        ('can( regex( "^a$" , var.x ) )', "^a$"),
        (r'can(regex("^\\d+$", var.x)) && length(var.x) < 9', r"^\d+$"),
        ('var.x == null || can(regex("^a$", var.x))', "^a$"),
        ('var.x == "" || can(regex("^a$", var.x))', None),
        ('!can(regex("^a$", var.x))', None),
        ('! can(regex("^a$", var.x))', None),
        ('alltrue([for y in var.x : can(regex("^a$", y))])', None),
        ('can(regex("^${local.a}$", var.x))', None),
    ],
)
def test_a_pattern_is_read_from_a_validation(condition: str, pattern: str | None) -> None:
    text = f'variable "x" {{\n  type = string\n  validation {{\n    condition = {condition}\n  }}\n}}'
    found = read({"a.tf": text}).variables["x"].pattern

    assert (found and found[0]) == pattern


def test_an_override_of_the_required_version_replaces_it() -> None:
    module = read(
        {
            "main.tf": 'terraform {\n  required_version = "< 1.6"\n}\n',
            "more.tf": 'terraform {\n  required_version = "> 1.2"\n}\n',
            "x_override.tf": 'terraform {\n  required_version = ">= 1.9"\n}\n',
        }
    )

    assert module.required_versions == (">= 1.9",)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_that_is_not_utf_8_is_unread(encoding: str) -> None:
    content = 'variable "name" { description = "Größe" }\n'.encode(encoding)

    module = read({"main.tf": decoded(content), "other.tf": decoded("# Größe\n".encode())})

    assert [file.sentence for file in module.unread] == ["main.tf is not UTF-8"]


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_what_is_declared_twice_is_told_unless_an_override_does_it(kind: str) -> None:
    text = f'{kind} "name" {{}}\n'

    twice = read({"main.tf": text + text})
    both = read({"main.tf": text, "more.tf": text, "main_override.tf": text})

    assert [file.sentence for file in twice.unread] == [f"main.tf declares the {kind} 'name' twice"]
    assert [file.sentence for file in both.unread] == [
        f"more.tf declares the {kind} 'name', which main.tf declares as well"
    ]
    assert read({"main.tf": text, "main_override.tf": text}).unread == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [("null", "is neither true nor false"), ("[]", "is neither true nor false"), ("1 > 0", "must be computed")],
)
def test_a_sensitivity_that_cannot_be_told_says_why(text: str, why: str) -> None:
    module = read({"main.tf": f'variable "name" {{\n  sensitive = {text}\n}}\n'})

    assert module.variables["name"].sensitive
    assert module.warnings == (f"variable 'name' counts as sensitive: 'sensitive = {text}' {why}",)
