//! Machines whose client is built, and whose secrets are read, when there is something to tell them: a start pays for
//! none of it, and a parameter that cannot be read holds up nobody else.

use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::{Aws, EventBus};
use crate::config::{EventsConfig, HttpConfig, Secret};
use crate::core::event::Event;
use crate::machines::Address;
use crate::machines::heartbeat::Heartbeat;
use crate::machines::http::{BearerToken, HttpMachine};
use crate::machines::signature::SigningSecrets;
use crate::ports::machine::{Beat, Machine, RunId, Watchdog};
use crate::ports::notifier::{Delivery, NotifyError};
use crate::ports::receivers::MachineKind;

/// The machines that are configured.
#[must_use]
pub fn late_machines(aws: &Arc<Aws>, config: &EventsConfig) -> Vec<(MachineKind, Rc<dyn Machine>)> {
    let mut machines: Vec<(MachineKind, Rc<dyn Machine>)> = Vec::new();
    if let Some(bus) = &config.bus {
        let bus = Late::new(aws, BusName(bus.clone()));
        machines.push((MachineKind::Bus, Rc::new(bus)));
    }
    if let Some(http) = &config.http {
        machines.push((MachineKind::Http, Rc::new(Late::new(aws, http.clone()))));
    }
    machines
}

/// The heartbeat, where one is configured.
#[must_use]
pub fn late_watchdog(aws: &Arc<Aws>, config: &EventsConfig) -> Option<Box<dyn Watchdog>> {
    let address = config.heartbeat.clone()?;
    Some(Box::new(Late::new(aws, address)))
}

/// What makes a client, from a configuration that is complete but for the values of parameters.
trait Make {
    type Made;

    async fn make(&self, aws: &Aws) -> anyhow::Result<Self::Made>;
}

/// A client that is made at its first use. Where that fails, the next use tries again.
#[derive(Debug)]
struct Late<C: Make> {
    aws: Arc<Aws>,
    config: C,
    made: OnceCell<C::Made>,
}

impl<C: Make> Late<C> {
    fn new(aws: &Arc<Aws>, config: C) -> Self {
        Self {
            aws: Arc::clone(aws),
            config,
            made: OnceCell::new(),
        }
    }

    async fn ready(&self, deadline: Instant) -> Result<&C::Made, NotifyError> {
        let making = self.made.get_or_try_init(|| self.config.make(&self.aws));
        match timeout_at(deadline, making).await {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(error)) => {
                self.aws.doubt_parameters();
                Err(NotifyError::Transport(format!("{error:#}")))
            }
            Err(_) => Err(NotifyError::OutOfTime),
        }
    }

    /// Where a machine refuses, its address or a secret may have been replaced since it was read.
    fn noting(&self, delivery: Delivery) -> Delivery {
        if delivery.is_refused() {
            self.aws.doubt_parameters();
        }
        delivery
    }
}

impl<C: Make<Made: Machine> + std::fmt::Debug> Machine for Late<C> {
    fn send<'a>(&'a self, event: &'a Event, deadline: Instant) -> LocalBoxFuture<'a, Delivery> {
        async move {
            match self.ready(deadline).await {
                Ok(machine) => self.noting(machine.send(event, deadline).await),
                Err(error) => Delivery::unsent(error),
            }
        }
        .boxed_local()
    }
}

impl<C: Make<Made: Watchdog> + std::fmt::Debug> Watchdog for Late<C> {
    fn ping(&self, beat: Beat, run: RunId, deadline: Instant) -> LocalBoxFuture<'_, Delivery> {
        async move {
            match self.ready(deadline).await {
                Ok(watchdog) => self.noting(watchdog.ping(beat, run, deadline).await),
                Err(error) => Delivery::unsent(error),
            }
        }
        .boxed_local()
    }
}

/// The name or ARN of an event bus.
#[derive(Debug)]
struct BusName(String);

impl Make for BusName {
    type Made = EventBus;

    async fn make(&self, aws: &Aws) -> anyhow::Result<EventBus> {
        Ok(aws.event_bus(&self.0).await)
    }
}

impl Make for HttpConfig {
    type Made = HttpMachine;

    async fn make(&self, aws: &Aws) -> anyhow::Result<HttpMachine> {
        let address = read(aws, &self.address, Address::parse).await?;
        let secrets = read(aws, &self.secrets, SigningSecrets::parse).await?;
        let token = match &self.token {
            Some(token) => Some(read(aws, token, BearerToken::parse).await?),
            None => None,
        };
        Ok(HttpMachine::new(address, secrets, token, now))
    }
}

impl Make for Secret<Address> {
    type Made = Heartbeat;

    async fn make(&self, aws: &Aws) -> anyhow::Result<Heartbeat> {
        Ok(Heartbeat::new(read(aws, self, Address::parse).await?))
    }
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// A secret, from the variable or from its parameter. No error quotes it.
async fn read<T: Clone, E: std::error::Error + Send + Sync + 'static>(
    aws: &Aws,
    secret: &Secret<T>,
    parse: fn(&str) -> Result<T, E>,
) -> anyhow::Result<T> {
    match secret {
        Secret::Here(value) => Ok(value.clone()),
        Secret::Parameter(name) => {
            let value = aws.parameter(name).await?;
            parse(value.expose_secret())
                .with_context(|| format!("the SSM parameter {name} does not hold what it should"))
        }
    }
}
