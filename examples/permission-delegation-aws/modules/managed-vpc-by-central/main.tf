# Makes the management role through the permission delegation role, and manages the VPC with it. The pre-run script makes the role
# first: AWS needs a moment until it can be taken, and a provider signs in before anything is made.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "account_id" { type = string }
variable "trusted_principal" {
  description = "ARN of the principal that these runs sign in as."
  type        = string
}
variable "role_name" { type = string }
variable "cidr" {
  type    = string
  default = "10.0.0.0/16"
}

locals {
  management_role = "arn:aws:iam::${var.account_id}:role/${var.role_name}"
}

provider "aws" {
  alias = "delegation"
  assume_role {
    role_arn = "arn:aws:iam::${var.account_id}:role/permission-delegation"
  }
}

provider "aws" {
  assume_role {
    role_arn = local.management_role
  }
}

resource "aws_iam_role" "management" {
  provider = aws.delegation
  name     = var.role_name
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { AWS = var.trusted_principal }
    }]
  })
}

resource "aws_iam_role_policy" "management" {
  provider = aws.delegation
  role     = aws_iam_role.management.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["ec2:*Vpc*", "ec2:*Tags"], Resource = "*" }]
  })
}

resource "aws_vpc" "this" {
  cidr_block = var.cidr
  depends_on = [aws_iam_role_policy.management]
}

output "vpc_id" { value = aws_vpc.this.id }
