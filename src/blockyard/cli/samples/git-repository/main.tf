# A bare Git repository on the disk of the runner. No provider is needed: the engine's own resource type keeps the
# state, and the repository is made and removed by Git itself.

locals {
  path = "${var.root}/${var.workspace}/${var.name}.git"
}

resource "terraform_data" "repository" {
  input = { path = local.path }

  provisioner "local-exec" {
    command     = "git init --quiet --bare --initial-branch=main \"$REPOSITORY\""
    environment = { REPOSITORY = self.input.path }
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "rm -rf -- \"$REPOSITORY\""
    environment = { REPOSITORY = self.input.path }
  }
}

resource "terraform_data" "description" {
  triggers_replace = [var.description, terraform_data.repository.id]

  provisioner "local-exec" {
    command     = "printf '%s\\n' \"$DESCRIPTION\" > \"$REPOSITORY/description\""
    environment = { REPOSITORY = local.path, DESCRIPTION = var.description }
  }
}

# Only a digest of the token is kept: it never reaches the state or the disk in clear.
resource "terraform_data" "deploy_token" {
  triggers_replace = [sha256(var.deploy_token), terraform_data.repository.id]

  provisioner "local-exec" {
    command     = "git -C \"$REPOSITORY\" config blockyard.deployTokenDigest \"$DIGEST\""
    environment = { REPOSITORY = local.path, DIGEST = sha256(var.deploy_token) }
  }
}
