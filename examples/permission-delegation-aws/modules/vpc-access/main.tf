# Makes the role that a building block of another team needs in an account, and lets nobody but that team's principal take it.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "account_id" { type = string }
variable "external_id" { type = string }
variable "trusted_principal" {
  description = "ARN of the principal of the team that manages the VPC."
  type        = string
}

provider "aws" {
  assume_role {
    role_arn = "arn:aws:iam::${var.account_id}:role/permission-delegation"
  }
}

resource "aws_iam_role" "management" {
  name = "managed-vpc-${substr(var.external_id, 0, 8)}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { AWS = var.trusted_principal }
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

resource "aws_iam_role_policy" "management" {
  role = aws_iam_role.management.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["ec2:*Vpc*", "ec2:*Tags"], Resource = "*" }]
  })
}

output "role_arn" { value = aws_iam_role.management.arn }
output "external_id" { value = var.external_id }
