//! Shows messages on standard output, in the format that was asked for.

use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::json;
use super::windows::{Heard, Told};
use crate::cli::args::Format;
use crate::cli::terminal::{self, Width};
use crate::core::event::Totals;
use crate::core::status::Severity;
use crate::metrics::Metrics;
use crate::slack::message::{Message, TableForm};
use crate::slack::render::{self, render};

/// Block Kit Builder is reported to be unreliable with longer addresses.
const RELIABLE_LINK: usize = 8_000;

/// Standard output.
pub(super) struct Output {
    format: Format,
    width: Width,
    out: io::BufWriter<anstream::AutoStream<io::StdoutLock<'static>>>,
    /// Nothing is written yet.
    is_first: bool,
    totals: Totals,
}

impl Output {
    pub(super) fn new(format: Format, width: Width) -> Self {
        Self {
            format,
            width,
            out: io::BufWriter::new(anstream::stdout().lock()),
            is_first: true,
            totals: Totals::default(),
        }
    }

    /// Shows a window.
    pub(super) fn window(&mut self, told: &Told<'_>) -> io::Result<()> {
        if self.format == Format::Json {
            let window = json::Window::of(told);
            window.add_to(&mut self.totals);
            let before = if self.is_first {
                "{\"windows\":[\n"
            } else {
                ",\n"
            };
            self.is_first = false;
            self.out.write_all(before.as_bytes())?;
            return Ok(serde_json::to_writer(&mut self.out, &window)?);
        }
        for heard in told.heard {
            self.heard(heard)?;
        }
        Ok(())
    }

    /// Shows what one receiver hears, in a terminal below the route's name.
    fn heard(&mut self, heard: &Heard) -> io::Result<()> {
        if let Some(route) = heard
            .route
            .as_deref()
            .filter(|_| self.format == Format::Table)
        {
            let separator = if self.is_first { "" } else { "\n" };
            write!(self.out, "{separator}{}", terminal::heading(route))?;
            // The message follows its heading directly.
            self.is_first = true;
        }
        for notice in &heard.notices {
            let text = terminal::notice(notice, self.width);
            self.message(&notice.environment, &text, || render::notice(notice))?;
        }
        for summary in &heard.summaries {
            let mention = heard.mention.as_deref();
            let text = terminal::render(summary, self.width);
            let message = || render(summary, mention, TableForm::Table);
            self.message(&summary.environment, &text, message)?;
        }
        Ok(())
    }

    /// Shows a message, of which `text` is what a terminal shows.
    fn message(
        &mut self,
        environment: &str,
        text: &str,
        message: impl FnOnce() -> Message,
    ) -> io::Result<()> {
        let separator = if self.is_first { "" } else { "\n" };
        self.is_first = false;
        match self.format {
            Format::Table => write!(self.out, "{separator}{text}"),
            Format::Payload => writeln!(self.out, "{}", serde_json::to_string(&message())?),
            Format::Link => {
                let link = builder_link(&message())?;
                if link.len() > RELIABLE_LINK {
                    anstream::eprintln!(
                        "rollcall: {environment}: Block Kit Builder may not open so long a link"
                    );
                }
                writeln!(self.out, "{link}")
            }
            Format::Json => Ok(()),
        }
    }

    /// Ends the output.
    pub(super) fn finish(
        &mut self,
        counts: &Metrics,
        unreadable: u64,
        worst: Option<Severity>,
    ) -> io::Result<()> {
        if self.format == Format::Json {
            if self.is_first {
                self.out.write_all(b"{\"windows\":[")?;
            }
            let end = json::End::of(&self.totals, counts, unreadable, worst);
            let end = serde_json::to_string(&end)?;
            // The first brace is written already.
            writeln!(self.out, "\n],{}", end.trim_start_matches('{'))?;
        }
        self.out.flush()
    }
}

/// The address that shows a message in Slack's Block Kit Builder.
fn builder_link(message: &Message) -> io::Result<String> {
    /// Which characters are percent-encoded in a URL's fragment.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    let blocks = serde_json::to_string(&json!({"blocks": message.blocks}))?;
    Ok(format!(
        "https://app.slack.com/block-kit-builder/#{}",
        utf8_percent_encode(&blocks, ENCODED)
    ))
}
