# Makes an account and leaves a role in it that building blocks of the central team may take.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "name" { type = string }
variable "delegated_to" {
  description = "ARNs of the principals of the central team that may take the permission delegation role."
  type        = list(string)
}

provider "aws" {}

provider "aws" {
  alias = "member"
  assume_role {
    role_arn = "arn:aws:iam::${aws_organizations_account.this.id}:role/OrganizationAccountAccessRole"
  }
}

resource "aws_organizations_account" "this" {
  name              = var.name
  email             = "aws+${var.name}@example.org"
  role_name         = "OrganizationAccountAccessRole"
  close_on_deletion = true
}

resource "aws_iam_role" "delegation" {
  provider = aws.member
  name     = "permission-delegation"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { AWS = var.delegated_to }
    }]
  })
}

resource "aws_iam_role_policy" "delegation" {
  provider = aws.member
  role     = aws_iam_role.delegation.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["iam:*Role", "iam:*RolePolicy", "iam:*RolePolicies", "iam:UpdateAssumeRolePolicy"]
      Resource = "arn:aws:iam::${aws_organizations_account.this.id}:role/managed-*"
    }]
  })
}

output "account_id" { value = aws_organizations_account.this.id }
