# Values in place of the provider's answers, in forms that the provider's own validation accepts.

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = {
    partition  = "aws"
    dns_suffix = "amazonaws.com"
  }
}

mock_data "aws_service_principal" {
  defaults = {
    name   = "events.amazonaws.com"
    region = "ap-northeast-2"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    id  = "mocked-role"
    arn = "arn:aws:iam::123456789012:role/mocked-role"
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:ap-northeast-2:123456789012:mocked-queue"
    url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/mocked-queue"
  }
}

mock_resource "aws_lambda_function" {
  defaults = { arn = "arn:aws:lambda:ap-northeast-2:123456789012:function:mocked-function" }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555" }
}

mock_resource "aws_cloudwatch_metric_alarm" {
  defaults = { arn = "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:mocked-alarm" }
}

mock_resource "aws_dynamodb_table" {
  defaults = { arn = "arn:aws:dynamodb:ap-northeast-2:123456789012:table/mocked-table" }
}
