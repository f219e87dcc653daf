"""Nothing of a secret gets through, however the engine prints it: the engine itself prints, the masker must find."""

import json
import re
import subprocess
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from blockyard.protocol.masking import MaskedStream, Masker
from blockyard.protocol.run import InputType
from blockyard.runner.frame.inputs import PlainInput, secrets

MODULE = """
variable "secrets" { type = list(string) }
locals {
  spelled = [for index, text in var.secrets : {
    plain = "from-${index} ${text} to-${index}"
    once  = jsonencode({ a = "from-${index} ${text} to-${index}" })
    twice = jsonencode(jsonencode({ a = "from-${index} ${text} to-${index}" }))
    thrice = jsonencode([jsonencode(jsonencode({ a = "from-${index} ${text} to-${index}" }))])
    yaml  = yamlencode({ a = "from-${index} ${text} to-${index}", b = [text] })
    url   = "from-${index} ${urlencode(text)} to-${index}"
    both  = "from-${index} ${urlencode(jsonencode(text))} to-${index}"
    coded = "from-${index} ${base64encode("x${text}y")} to-${index}"
    keys  = { "from-${index} ${text} to-${index}" = text }
  }]
}
output "spelled" { value = local.spelled }
resource "terraform_data" "planned" {
  input = { list = local.spelled, json = jsonencode(local.spelled), yaml = yamlencode(local.spelled) }
}
resource "terraform_data" "printed" {
  for_each = { for index, text in local.spelled : index => text }
  provisioner "local-exec" {
    interpreter = ["/bin/echo"]
    command     = "${each.value.plain} ${each.value.once}"
  }
}
resource "terraform_data" "echoed" {
  for_each = { for index, text in local.spelled : index => text }
  provisioner "local-exec" {
    interpreter = ["/bin/sh", "-c", "echo \\"$0\\""]
    command     = each.value.plain
  }
}
check "messages" {
  assert {
    condition     = length(jsonencode(local.spelled)) < 9
    error_message = join("\\n", [for text in local.spelled : "It is ${text.plain}, ${text.once} and ${text.yaml}."])
  }
}
resource "terraform_data" "refused" {
  depends_on = [terraform_data.printed, terraform_data.echoed]
  for_each   = { for index, text in local.spelled : index => text }
  lifecycle {
    precondition {
      condition     = length(each.value.plain) > 100000
      error_message = "The passphrase is too short, it reads: ${each.value.plain} and ${each.value.twice}"
    }
  }
}
"""

FRAME = re.compile(
    rb"(?:from|to)-\d+|The passphrase|is too short|local-exec|terraform_data|Plan:|\(known after apply\)"
    rb"| +[+] (?:plain|once|twice|yaml|url|coded|keys) +="
)
PRINTABLE = st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co")) | st.characters(
    max_codepoint=0x7E, min_codepoint=0x20
)
TEXT = st.text(PRINTABLE | st.sampled_from(" \t\n\"\\'<>&$%{}"), max_size=24)


@st.composite
def secrets_with_words(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a secret and the words that must not be seen of it."""
    words = draw(
        st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9]{7,11}", fullmatch=True), min_size=1, max_size=5, unique=True)
    )
    return "".join(draw(TEXT) + word for word in words) + draw(TEXT), words


def printed(engine: Path, texts: Sequence[str]) -> bytes:
    """Return all that the engine prints about these texts, messages of failed conditions included."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "main.tf").write_text(MODULE)
        (folder / "v.auto.tfvars.json").write_text(json.dumps({"secrets": texts}))
        said = b""
        for command in (["init", "-input=false"], ["apply", "-auto-approve"], ["apply", "-auto-approve"]):
            ran = subprocess.run(
                [engine, *command, "-no-color"],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            said += ran.stdout
        assert b"The passphrase is too short" in said
        return said


def masked(known: Sequence[str], data: bytes, chunk: int) -> str:
    """Return what a masked stream gives out, read in chunks."""
    stream = MaskedStream(Masker(known))
    parts = [stream.feed(data[at : at + chunk]) for at in range(0, len(data), chunk)]
    return b"".join([*parts, stream.flush()]).decode()


def as_hcl(texts: Sequence[str]) -> str:
    """Return a literal of these texts that is no JSON, as people write it."""
    quoted = (json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{") for text in texts)
    return "{ # written by hand\n" + "".join(f"  key{at} = [{text},]\n" for at, text in enumerate(quoted)) + "}\n"


@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(
    drawn=st.lists(secrets_with_words(), min_size=12, max_size=12, unique_by=lambda one: tuple(one[1])),
    chunk=st.integers(37, 9000),
)
@example(
    drawn=[
        ("walnut harbour violet umbrella glacier", ["walnut", "harbour", "violet", "umbrella", "glacier"]),
        ('pa"zzword\\word-x', ["zzword", "word-x"]),
        ("first-line\n  second-line\n- third-line: |\n\tfourth", ["first-line", "second-line", "third-line", "fourth"]),
        ('{"password": "inner<&>secret", "n": [1, "another word"]}', ["secret", "another"]),
        ("e\u0301tude\u00a0for\u3000walnut \u2028 trombone", ["walnut", "trombone"]),
        ("pass${word}%{quartz}", ["quartz"]),
        ("<first of all;zebras", ["zebras"]),
        ("x\\nightly\\\\tested\\", ["ightly", "tested"]),
        ("key\\vwalrus \\101\\0102 \\e\\a\\\\bamboo", ["walrus", "bamboo"]),
        ("C:\\new\\toppled\\fjords\\checked", ["toppled", "fjords", "hecked"]),
        ('{"indent": "            ", "few": "a       b", "password": "marzipan"}', ["marzipan"]),
        ("marmalade\n            \n     }     \n", ["marmalade"]),
    ],
    chunk=512,
)
def test_nothing_of_a_secret_is_seen_in_what_the_engine_prints(
    engine: Path, drawn: list[tuple[str, list[str]]], chunk: int
) -> None:
    texts = [secret for secret, _ in drawn]
    code = PlainInput("code", as_hcl(texts), InputType.CODE, is_sensitive=True)
    data = printed(engine, texts)

    for known, cut in ((texts, chunk), (list(secrets(code)), len(data))):
        shown = masked(known, data, cut)

        unfolded = re.sub(r"\s+", " ", shown)
        for secret, words in drawn:
            normal = unicodedata.normalize("NFC", secret)
            assert not [word for word in words if word in shown], normal
            assert re.sub(r"\s+", " ", normal) not in unfolded
        assert FRAME.findall(shown.encode()) == FRAME.findall(data)
