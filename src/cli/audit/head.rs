//! The head of a report, and the groups that others are compared with.

use crate::report::About;

/// What the head of reports says.
#[derive(Debug, clap::Args)]
pub struct Head {
    /// The title of the report
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The name of the model
    #[arg(long, value_name = "TEXT")]
    model: Option<String>,
    /// The version of the model
    #[arg(long, value_name = "TEXT")]
    model_version: Option<String>,
    /// The time that the data are of
    #[arg(long, value_name = "TEXT")]
    period: Option<String>,
    /// The people that the data are of
    #[arg(long, value_name = "TEXT")]
    population: Option<String>,
    /// The auditor
    #[arg(long, value_name = "TEXT")]
    auditor: Option<String>,
}

impl Head {
    pub fn about(&self) -> About {
        let Head { title, model, model_version, period, population, auditor } = self;
        About {
            title: title.clone(),
            model: model.clone(),
            model_version: model_version.clone(),
            period: period.clone(),
            population: population.clone(),
            auditor: auditor.clone(),
        }
    }
}

/// Reads `sex=male`.
pub fn reference(text: &str) -> Result<(String, String), String> {
    let bare = |text: &str| text.trim().trim_matches('`').to_owned();
    match text.split_once('=') {
        Some((column, level)) if !column.trim().is_empty() => Ok((bare(column), bare(level))),
        Some(_) | None => Err("write it as `COL=LEVEL`, for example `sex=male`".to_owned()),
    }
}
