//! The arguments of `rollcall routes`. clap prints their doc comments as the help texts.

use std::path::PathBuf;

use clap::Subcommand;

use crate::core::routes::Outcome;

const TEST_EXAMPLES: &str = "\
What is not given is unknown, and fits no pattern. Names are printed in the order of the file, and
`default` stands for who hears of what no route takes.

Examples:
  rollcall routes test --routes routes.json --cluster pay-dev --service api --label team=pay
  rollcall routes test --routes routes.json --cluster pay-dev --outcome failed --verify pay,oncall
  terraform output -raw routes_json | rollcall routes test --routes - --cluster pay-dev --json

Exit status:
  0  shown; with --verify: exactly these hear of it
  1  --verify: others hear of it
  2  the routes cannot be read, or something is wrong with them, which is all named";

const SHOW_EXAMPLES: &str = "\
Examples:
  rollcall routes show --routes routes.json
  terraform output -raw routes_json | rollcall routes show --routes -
  rollcall routes show --routes routes.json --json | jq -r '.routes[].name'

Exit status:
  0  shown
  2  the routes cannot be read, or something is wrong with them, which is all named";

/// What `rollcall routes` does.
#[derive(Debug, Subcommand)]
pub enum RoutesCommand {
    /// Print who hears of a service, and check that it is who should
    #[command(after_help = TEST_EXAMPLES)]
    Test(RoutesTestArgs),
    /// Draw the routes as a tree: what each takes, and what it sets or takes over
    #[command(after_help = SHOW_EXAMPLES)]
    Show(RoutesShowArgs),
}

/// Where the routes stand.
#[derive(Debug, Clone, clap::Args)]
pub struct RoutesFile {
    /// The file with the routes as JSON; `-` is standard input [default: what `ROLLCALL_ROUTES` holds]
    #[arg(long, value_name = "FILE")]
    pub routes: Option<PathBuf>,
}

/// What `rollcall routes test` takes.
#[derive(Debug, clap::Args)]
pub struct RoutesTestArgs {
    #[command(flatten)]
    pub file: RoutesFile,
    /// The environment's label, as the function has it: what `ROLLCALL_ENVIRONMENT` says there, else what the roster says, else
    /// the cluster's name
    #[arg(long, env = "ROLLCALL_ENVIRONMENT")]
    pub environment: Option<String>,
    /// The cluster's short name
    #[arg(long)]
    pub cluster: Option<String>,
    /// The service's name, or the family of a job's task definition
    #[arg(long)]
    pub service: Option<String>,
    /// The account's id
    #[arg(long)]
    pub account: Option<String>,
    /// The Region
    #[arg(long)]
    pub region: Option<String>,
    /// The schedule's name
    #[arg(long)]
    pub schedule: Option<String>,
    /// A label of the service; may be given several times
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// How the run ended, `failed` or `succeeded` [default: who hears of it however it ends]
    #[arg(long, value_parser = outcome)]
    pub outcome: Option<Outcome>,
    /// Exit with 1 where others than these hear of it; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub verify: Vec<String>,
    /// Print the receivers as JSON, with everything that they set or take over
    #[arg(long)]
    pub json: bool,
}

/// What `rollcall routes show` takes.
#[derive(Debug, clap::Args)]
pub struct RoutesShowArgs {
    #[command(flatten)]
    pub file: RoutesFile,
    /// Print the routes as JSON, in the form in which the function reads them
    #[arg(long)]
    pub json: bool,
}

fn label(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("expected a label such as team=search")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn outcome(text: &str) -> Result<Outcome, &'static str> {
    Outcome::parse(text).ok_or("expected failed or succeeded")
}
