variable "function_zip" {
  description = "Path of the package that .ci/package built."
  type        = string
  default     = "../../../target/lambda/rollcall-lambda/bootstrap.zip"
  nullable    = false
}
