//! `penstock call`: one operation, one answer.

use crate::{
    asked::Asked,
    grace::Grace,
    misfits::count_on_stderr,
    output::Output,
    stopping::Stopping,
    target::{MisfitChoice, Target},
    text,
    told::tell,
};
use anyhow::{Context, Result};
use clap::Args;
use penstock_host::bindings::types::AnswerSource;

#[derive(Args)]
pub(crate) struct Call {
    #[command(flatten)]
    asked: Asked,
    /// The body: JSON, `@FILE`, or `@-` for standard input.
    #[arg(long, short, value_name = "JSON|@FILE")]
    body: Option<String>,
    /// This write may be applied twice: send it again even if its outcome is unknown.
    #[arg(long)]
    allow_resend: bool,
    /// While the vendor is down, answer with this JSON. For reads only.
    #[arg(long, value_name = "JSON")]
    fallback: Option<String>,
    /// What becomes of an answer that does not fit the contract, or of a record in it.
    #[arg(long, value_enum, default_value = "fail")]
    on_misfit: MisfitChoice,
    #[command(flatten)]
    grace: Grace,
    #[command(flatten)]
    target: Target,
}

impl Call {
    pub(crate) async fn run(self, stopping: &Stopping) -> Result<()> {
        let body = self.body.as_deref().map(read_body).transpose()?;
        let plugin = stopping.unless_asked(self.target.plugin()).await??;
        let Asked { provider_name, operation, parameters } = &self.asked;
        let mut options = self.target.options(None);
        options.allow_resend = self.allow_resend;
        options.fallback = self.fallback;
        options.on_misfit = Some(self.on_misfit.into());
        let call = plugin.invoke(provider_name, operation, parameters.clone(), body, Some(options));
        let answer = self.grace.call(&self.asked, stopping, call).await??;
        if let Some(body) = answer.body {
            let mut output = Output::stdout(stopping);
            output.line(&body)?;
            output.flush()?;
        }
        if answer.info.source != AnswerSource::Vendor {
            let degraded = if answer.info.degraded { ", degraded" } else { "" };
            tell!("from the {}{degraded}, {} ms old", answer.info.source.name(), answer.info.age_ms);
        }
        count_on_stderr(answer.info.misfits, &answer.info.first_misfits);
        if let Some(page) = answer.page {
            tell!("page {}, more follow: {}, resume: {}", page.page, page.has_more, page.resume);
        }
        Ok(())
    }
}

fn read_body(given: &str) -> Result<String> {
    match given.strip_prefix('@') {
        Some(file) => text::read(file).context("the body"),
        None => Ok(given.to_owned()),
    }
}
