//! The answers as one JSON document, for programs.

use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;

use crate::domain::failure::Failure;
use crate::domain::observation::Answer;
use crate::domain::query::Query;
use crate::json::{self, Balance, Time, Withheld};

#[derive(Serialize)]
struct Document<'a> {
    asked_at: Time,
    queries: Vec<Asked<'a>>,
}

#[derive(Serialize)]
struct Asked<'a> {
    shop: &'a str,
    query: &'a str,
    api: &'static str,
    answered: bool,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Answer { as_of: Option<Time>, balances: Vec<Balance<'a>>, withheld: Vec<Withheld> },
    Failure(json::Failure<'a>),
}

/// One object for each query, in the order of the configuration.
pub(super) fn document(
    queries: &[Arc<Query>],
    answers: &[Result<Answer, Failure>],
) -> Result<String, serde_json::Error> {
    let queries = queries.iter().zip(answers).map(|(query, answer)| of(query, answer)).collect();
    let document = Document { asked_at: Time(SystemTime::now()), queries };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn of<'a>(query: &'a Query, answer: &'a Result<Answer, Failure>) -> Asked<'a> {
    let outcome = match answer {
        Ok(answer) => Outcome::Answer {
            as_of: answer.as_of.map(Time),
            balances: answer.rows.iter().map(|row| Balance::of(query, row)).collect(),
            withheld: answer.withheld.iter().map(Withheld::from).collect(),
        },
        Err(failure) => Outcome::Failure(failure.into()),
    };
    let (shop, api) = (&*query.shop.name, query.ask.api().as_str());
    Asked { shop, query: &query.name, api, answered: answer.is_ok(), outcome }
}
