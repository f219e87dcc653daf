variable "name" {
  description = "Name of the repository: lower-case letters, digits and hyphens."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,39}$", var.name))
    error_message = "3 to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "description" {
  description = "One line that says what the repository is for."
  type        = string
  default     = "Ordered with Blockyard"
}

variable "deploy_token" {
  description = "Secret a deployment will show; only its digest is kept."
  type        = string
  sensitive   = true
}

variable "root" {
  description = "Directory below which repositories are made."
  type        = string
}

variable "workspace" {
  description = "Workspace that ordered the repository."
  type        = string
}
