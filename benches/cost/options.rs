//! What the command line says.

use std::path::PathBuf;

/// How the function speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Webhook,
    Bot,
}

/// Everything that can be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) services: Vec<usize>,
    pub(crate) modes: Vec<Mode>,
    pub(crate) instances: usize,
    pub(crate) batch: usize,
    pub(crate) batching_seconds: i64,
    pub(crate) speed: f64,
    pub(crate) verify_minutes: u32,
    pub(crate) schedules: u8,
    pub(crate) tasks_never_start: bool,
    pub(crate) service_events: i64,
    pub(crate) routes: usize,
    pub(crate) seed: u64,
    pub(crate) limit_minutes: u64,
    pub(crate) function: PathBuf,
    pub(crate) logs: Option<PathBuf>,
    pub(crate) is_checked: bool,
}

/// What `--help` prints.
pub(crate) const HELP: &str = "\
cargo bench --all-features --bench cost -- [options]

--services 100,1000,10000   services of a window, each in a run of its own
--mode webhook|bot|both     how the function speaks (both)
--instances 2               instances of the function at once
--batch 100                 most records of an invocation
--batching-seconds 20       how long Lambda gathers them
--speed 13.8                how much faster than real time; a whole core then is 1/speed of one
--verify-minutes 10         ROLLCALL_VERIFY_MINUTES; 0 asks ECS nothing
--schedules 1               schedules half an hour apart, the first one up, the next one down, and so on
--tasks-never-start         no task ever runs
--service-events 100        events that ECS keeps of a service
--routes 0                  routes, up to ten, each with a message of its own about its share of the services
--seed 1                    of the calls' times
--limit-minutes 20          real time after which a run is cut off
--function PATH             another binary of the function, linked dynamically, as its clock is put under it
--logs FOLDER               keep what the function writes
--check                     exit with 1 where a limit is broken";

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// Names the argument that is not understood.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            services: vec![100, 1_000, 10_000],
            modes: vec![Mode::Webhook, Mode::Bot],
            instances: 2,
            batch: 100,
            batching_seconds: 20,
            // A function with 128 MB has 128/1769 of a core.
            speed: 1_769.0 / 128.0,
            verify_minutes: 10,
            schedules: 1,
            tasks_never_start: false,
            service_events: 100,
            routes: 0,
            seed: 1,
            limit_minutes: 20,
            function: PathBuf::from(option_env!("CARGO_BIN_EXE_rollcall-lambda").unwrap_or("")),
            logs: None,
            is_checked: false,
        };
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            match name.as_str() {
                "--tasks-never-start" => options.tasks_never_start = true,
                "--check" => options.is_checked = true,
                // Cargo says this to every bench.
                "--bench" => {}
                _ => {
                    let value = arguments.next();
                    let value = value.ok_or_else(|| format!("{name}: not known, or no value"))?;
                    options.set(&name, &value)?;
                }
            }
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--services" => {
                let numbers = value.split(',').map(|number| read(name, number));
                self.services = numbers.collect::<Result<_, _>>()?;
            }
            "--mode" => {
                self.modes = match value {
                    "webhook" => vec![Mode::Webhook],
                    "bot" => vec![Mode::Bot],
                    "both" => vec![Mode::Webhook, Mode::Bot],
                    other => return Err(format!("--mode: {other} is not webhook, bot or both")),
                };
            }
            "--instances" => self.instances = read(name, value)?,
            "--batch" => self.batch = read(name, value)?,
            "--batching-seconds" => self.batching_seconds = read(name, value)?,
            "--speed" => self.speed = read(name, value)?,
            "--verify-minutes" => self.verify_minutes = read(name, value)?,
            "--schedules" => self.schedules = read(name, value)?,
            "--service-events" => self.service_events = read(name, value)?,
            "--routes" => self.routes = read_routes(name, value)?,
            "--seed" => self.seed = read(name, value)?,
            "--limit-minutes" => self.limit_minutes = read(name, value)?,
            "--function" => self.function = PathBuf::from(value),
            "--logs" => self.logs = Some(PathBuf::from(value)),
            other => return Err(format!("{other}: not known")),
        }
        Ok(())
    }
}

fn read<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    let number = value.parse();
    number.map_err(|_| format!("{name}: {value} is not a number that fits"))
}

/// Services end with a digit, which tells their route.
const MOST_ROUTES: usize = 10;

fn read_routes(name: &str, value: &str) -> Result<usize, String> {
    let routes = read(name, value)?;
    let is_few = (0..=MOST_ROUTES).contains(&routes);
    is_few
        .then_some(routes)
        .ok_or_else(|| format!("{name}: {value} is more than {MOST_ROUTES}"))
}
