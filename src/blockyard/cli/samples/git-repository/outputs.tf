output "clone_url" {
  description = "URL to clone the repository from"
  value       = "file://${local.path}"
  depends_on  = [terraform_data.repository]
}

output "path" {
  description = "Directory of the repository"
  value       = local.path
  depends_on  = [terraform_data.repository]
}

output "summary" {
  description = "Summary"
  value       = <<-EOT
    ### ${var.name}

    ${var.description}

    | Property | Value |
    |---|---|
    | Clone | `git clone file://${local.path}` |
    | Ordered by | ${var.workspace} |
  EOT
}
