# Values in place of the provider's answers, in forms that the provider's own validation accepts.

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_service_principal" {
  defaults = {
    name   = "scheduler.amazonaws.com"
    region = "ap-northeast-2"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    id  = "mocked-role"
    arn = "arn:aws:iam::123456789012:role/mocked-role"
  }
}

mock_resource "aws_iam_policy" {
  defaults = { arn = "arn:aws:iam::123456789012:policy/mocked-policy" }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:ap-northeast-2:123456789012:mocked-queue"
    url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/mocked-queue"
  }
}
