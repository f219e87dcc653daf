# Manages a VPC with a role that somebody else has made: the sidecar, or the owner of the account.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "role_arn" { type = string }
variable "external_id" { type = string }
variable "cidr" {
  type    = string
  default = "10.0.0.0/16"
}

provider "aws" {
  assume_role {
    role_arn    = var.role_arn
    external_id = var.external_id
  }
}

resource "aws_vpc" "this" { cidr_block = var.cidr }

output "vpc_id" { value = aws_vpc.this.id }
