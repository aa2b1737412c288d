//! `query`: asks every query once, now, and shows what came back.

mod json;
mod table;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::platform::Platform;
use super::{Error, print};
use crate::begateway::{self, Response};
use crate::cli::{Output, QueryFlags};
use crate::config::{Config, Environment};
use crate::domain::failure::{Failure, Reason};
use crate::domain::query::Query;
use crate::poll::{Ask, ask_once};

pub(super) async fn run(flags: &QueryFlags) -> Result<(), Error> {
    let config = Config::load(&flags.config.config_file, &Environment::of_process())?;
    let platform = Platform::new(&config, &Platform::default())?;
    let limit = config.max_in_flight_per_host;
    let queries = selected(config.queries, flags)?;
    let failed = if flags.output == Output::Raw {
        let client = &platform.client;
        let answers = ask_all(&queries, limit, |query| {
            let client = Arc::clone(client);
            async move { client.exchange(&query).await }
        });
        let answers = answers.await;
        print(&raw(&queries, &answers))?;
        let failed = |(query, answer): (&Arc<Query>, &Result<Response, Failure>)| match answer {
            Ok(response) => begateway::read(query, response).is_err(),
            Err(_) => true,
        };
        queries.iter().zip(&answers).filter(|pair| failed(*pair)).count()
    } else {
        let answers = ask_all(&queries, limit, |query| {
            let platform = platform.clone();
            async move { platform.ask(query).await }
        });
        let answers = answers.await;
        let shown = match flags.output {
            Output::Json => json::document(&queries, &answers).map_err(|error| Error::work(&error))?,
            _ => table::of(&queries, &answers),
        };
        print(&shown)?;
        answers.iter().filter(|answer| answer.is_err()).count()
    };
    match failed {
        0 => Ok(()),
        failed => Err(Error::Work(format!("{failed} of {} queries failed", queries.len()))),
    }
}

/// The queries that the flags ask for.
fn selected(queries: Vec<Arc<Query>>, flags: &QueryFlags) -> Result<Vec<Arc<Query>>, Error> {
    let wanted = |given: &Option<String>, name: &str| given.as_deref().is_none_or(|given| given == name);
    let total = queries.len();
    let queries: Vec<_> = queries
        .into_iter()
        .filter(|query| wanted(&flags.shop, &query.shop.name) && wanted(&flags.query, &query.name))
        .collect();
    if queries.is_empty() && total > 0 {
        return Err(Error::Usage(
            "no query of the configuration has that --shop and --query; `check` lists them".to_owned(),
        ));
    }
    Ok(queries)
}

/// Asks every query once, with a progress bar where somebody is looking.
async fn ask_all<T, F>(queries: &[Arc<Query>], limit: usize, ask: impl Fn(Arc<Query>) -> F) -> Vec<Result<T, Failure>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let progress = progress(queries.len());
    let mut answers: Vec<Option<Result<T, Failure>>> = queries.iter().map(|_| None).collect();
    ask_once(queries, limit, ask, |position, answer| {
        answers[position] = answer;
        progress.inc(1);
    })
    .await;
    progress.finish_and_clear();
    let panicked = || Err(Failure::new(Reason::Internal, "asking panicked; please report this"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(panicked)).collect()
}

/// A bar on standard error; nothing where that is not a terminal.
fn progress(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} queries answered, {elapsed}");
    let bar = ProgressBar::with_draw_target(u64::try_from(length).ok(), ProgressDrawTarget::stderr());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What was sent and what came back, for a support ticket.
fn raw(queries: &[Arc<Query>], answers: &[Result<Response, Failure>]) -> String {
    let show = |(query, answer): (&Arc<Query>, &Result<Response, Failure>)| {
        let request = begateway::request(query)
            .map(|request| {
                let method = if request.body.is_some() { "POST" } else { "GET" };
                format!("{method} {}", request.url)
            })
            .unwrap_or_default();
        let answer = match answer {
            Ok(response) => begateway::redacted(response, query),
            Err(failure) => format!("no answer: {failure}"),
        };
        format!("== {query}: {request}\n{answer}\n\n")
    };
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    let shown: String = queries.iter().zip(answers).map(show).collect();
    format!("asked at {now}\n\n{shown}")
}
