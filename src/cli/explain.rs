//! `meshward explain`

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::attributes::secret::Secrets;
use crate::attributes::shown::Shown;
use crate::attributes::{Needed, Sources};
use crate::cli::config::ConfigFile;
use crate::cli::{DocumentsFolder, Exit, Format, failed, print_json, report};
use crate::clock;
use crate::config::Config;
use crate::document::kinds::Documents;
use crate::document::load;
use crate::engine::fit::{Fallen, Misfit, fit};
use crate::engine::hints::hints;
use crate::engine::snapshot::Snapshot;
use crate::engine::trees::{TableTrees, trees};
use crate::engine::{PURPOSE_CREDENTIAL, decide, words};
use crate::language::parse;
use crate::language::syntax::{MaskWord, Sentence};
use crate::lint::tables;
use crate::model::column_type::ColumnType;
use crate::model::decision::{ColumnDecision, Contribution, Decision, Effect, Rows, TableDecision, Verdict};
use crate::model::name::{Identifier, TableName};
use crate::model::request::{Column, Request, TableRequest};
use crate::model::subject::{Identity, Party, Subject};
use crate::store::revision;
use crate::telemetry::metrics::Metrics;

/// `meshward explain --user jay --table lake.finance.transactions`
#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    #[command(flatten)]
    documents: DocumentsFolder,
    #[command(flatten)]
    file: ConfigFile,
    /// Who asks.
    #[arg(long)]
    user: String,
    /// A group of the user's in Trino; may be repeated.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// An enabled role of the user's; may be repeated.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// The purpose that the query names.
    #[arg(long)]
    purpose: Option<String>,
    /// The table, as catalog.schema.table.
    #[arg(long, value_parser = table_name)]
    table: TableName,
    /// A column with its Trino type, as `name:type`; may be repeated. Without, those of the Table document, or
    /// the columns that the documents name.
    #[arg(long = "column", value_name = "NAME:TYPE", value_parser = column)]
    columns: Vec<Column>,
    /// When it is asked, as 2027-01-31T09:00:00Z; without, now.
    #[arg(long)]
    at: Option<Timestamp>,
    /// For whom to print.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

fn table_name(text: &str) -> Result<TableName, String> {
    match text.split('.').collect::<Vec<_>>().as_slice() {
        [catalog, schema, table] if !(catalog.is_empty() || schema.is_empty() || table.is_empty()) => {
            Ok(TableName::new(catalog, schema, table))
        }
        _ => Err("a table is named catalog.schema.table".to_owned()),
    }
}

fn column(text: &str) -> Result<Column, String> {
    // A name may hold a colon, a type does not.
    let (name, column_type) = text.rsplit_once(':').ok_or("a column is given as name:type")?;
    Ok(Column::typed(Identifier::new(name), ColumnType::parse(column_type)))
}

impl Explain {
    pub(super) fn run(self) -> Exit {
        let config = match self.file.load([]) {
            Ok(config) => config,
            Err(error) => return failed(error),
        };
        let loaded = match load::folder(&self.documents.documents) {
            Ok(loaded) => loaded,
            Err(findings) => return report(&findings, self.format),
        };
        let snapshot = Snapshot::build(&loaded.documents, &config.timezone.0);
        let (shown, party) = match self.resolve(&config, &loaded.documents, &snapshot) {
            Ok(resolved) => resolved,
            Err(why) => return failed(why),
        };
        let request =
            TableRequest { table: self.table.clone(), columns: self.asked_columns(&loaded.documents, &snapshot) };
        let subject =
            Subject { asking: party, invoker: None, now: self.at.unwrap_or_else(clock::now), cluster: Arc::from("") };
        let Decision::Table(decision) = decide(&snapshot, &subject, &Request::Table(request.clone())) else {
            return failed("the decision is not about a table");
        };
        let trees = trees(&snapshot, &subject, &request, &decision.read);
        let notes = self.notes(&loaded.documents, &snapshot, &subject, &request, &decision);
        let answer = Answer { shown: &shown, request: &request, decision: &decision, notes: &notes };
        match self.format {
            Format::Text => answer.print(&trees, &snapshot.zone),
            Format::Json => print_json(&answer.as_json()),
        }
        if decision.read.is_allowed() { Exit::Fine } else { Exit::Denied }
    }

    /// What documents and sources know of the user. The sources are asked now, as a server that has just started asks them.
    fn resolve(&self, config: &Config, documents: &Documents, snapshot: &Snapshot) -> Result<(Shown, Party), String> {
        let secrets = Secrets::new(config.secrets.clone());
        let sources = Sources::new(secrets, Metrics::default().sources().clone());
        let attributes = revision::attributes(documents, &sources);
        let needed = Needed { attributes: attributes.declared().to_vec(), groups: true };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let known = runtime.block_on(attributes.resolve(self.identity(), &needed, None));
        let known = known.map_err(|gone| gone.to_string())?;
        let shown = Shown::new(&attributes, &known, |name| snapshot.rules_that_use(name));
        Ok((shown, known.party))
    }

    fn identity(&self) -> Identity {
        let texts = |texts: &[String]| texts.iter().map(|text| Arc::from(text.as_str())).collect::<BTreeSet<_>>();
        Identity {
            groups: texts(&self.groups),
            enabled_roles: texts(&self.roles),
            extra_credentials: self
                .purpose
                .iter()
                .map(|purpose| (PURPOSE_CREDENTIAL.to_owned(), purpose.clone()))
                .collect(),
            ..Identity::of_user(&self.user)
        }
    }

    /// What may surprise, and no rule says.
    fn notes(
        &self,
        documents: &Documents,
        snapshot: &Snapshot,
        subject: &Subject,
        request: &TableRequest,
        decision: &TableDecision,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(meant) = tables::meant_in(documents, &self.table) {
            notes.push(format!("no document names {}; did you mean {meant}?", self.table));
        }
        if request.columns.iter().all(|column| column.column_type == ColumnType::Unknown) {
            notes.push(
                "without the columns' types whatever depends on them protects: give --column name:type for each"
                    .to_owned(),
            );
        }
        notes.extend(falls(request, decision, snapshot).iter().map(ToString::to_string));
        notes.extend(hints(snapshot, subject, &Request::Table(request.clone())));
        notes
    }

    fn asked_columns(&self, documents: &Documents, snapshot: &Snapshot) -> Vec<Column> {
        if !self.columns.is_empty() {
            return self.columns.clone();
        }
        if let Some(table) = documents.tables.get(&self.table) {
            return table.columns.clone();
        }
        snapshot.known_columns(&self.table).into_iter().map(Column::named).collect()
    }
}

/// A mask of a rule that a column's type cannot hold.
struct Fall<'a> {
    column: &'a Identifier,
    mask: MaskWord,
    fallen: Fallen,
}

impl fmt::Display for Fall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not possible on {}: {}", self.mask, self.column, self.fallen)
    }
}

/// The masks that fall to stronger ones. Where no type is known, a note on the whole table says so.
fn falls<'a>(request: &TableRequest, decision: &'a TableDecision, snapshot: &Snapshot) -> Vec<Fall<'a>> {
    let fall = |part: &'a Contribution| {
        let (Effect::Masks(name) | Effect::Floors(name)) = &part.effect else { return None };
        let column = request.columns.iter().find(|column| column.name == *name)?;
        let mask = match parse::rule(&part.rule.sentence).ok()?.sentence {
            Sentence::MaskColumns { mask, .. } | Sentence::NeverShow { floor: mask, .. } => mask,
            _ => return None,
        };
        let fallen = fit(&mask, column.column_type, &snapshot.zone).fallen?;
        (fallen.why != Misfit::TypeNotKnown).then_some(Fall { column: name, mask, fallen })
    };
    decision.determined_by.iter().filter_map(fall).collect()
}

/// What is said of a decision.
struct Answer<'a> {
    shown: &'a Shown,
    request: &'a TableRequest,
    decision: &'a TableDecision,
    notes: &'a [String],
}

impl Answer<'_> {
    /// In the words of the language, and below them as the SQL that Trino gets.
    fn print(&self, trees: &TableTrees, zone: &TimeZone) {
        let (user, table) = (&self.shown.user, &self.request.table);
        match &self.decision.read {
            Verdict::Allow => say!("{user} may read {table}"),
            Verdict::Deny(reason) => {
                say!("{user} may not read {table}: {reason}");
                say!("  were it allowed, this would hold:");
            }
        }
        say!("  rows      {}", words::rows(&trees.rows, zone));
        if let Rows::Where(filters) = &self.decision.rows {
            filters.iter().for_each(|filter| say!("    as SQL  {}", filter.sql));
        }
        let columns = self.request.columns.iter().zip(&self.decision.columns).zip(&trees.masks);
        for ((Column { name, .. }, shown), mask) in columns {
            match shown {
                ColumnDecision::Clear => say!("  column    {name}: as it is"),
                ColumnDecision::Hidden(reason) => say!("  column    {name}: hidden, {reason}"),
                ColumnDecision::Masked(expression) => {
                    say!("  column    {name}: {}", words::masked(mask, zone));
                    say!("    as SQL  {}", expression.sql);
                }
            }
        }
        self.notes.iter().for_each(|note| say!("  note      {note}"));
        self.decision.determined_by.iter().for_each(|part| say!("  because   {part}"));
        self.shown.attributes.iter().for_each(|attribute| say!("  attribute {}", attribute.line()));
        for source in &self.shown.sources {
            if let Some(why) = &source.why {
                say!("  source    {} failed: {why}", source.name);
            }
        }
    }

    fn as_json(&self) -> Value {
        let rows = match &self.decision.rows {
            Rows::All => json!("all"),
            Rows::None => json!("none"),
            Rows::Where(filters) => json!(filters.iter().map(|filter| filter.sql.as_str()).collect::<Vec<_>>()),
        };
        let columns = self.request.columns.iter().zip(&self.decision.columns).map(|(column, shown)| match shown {
            ColumnDecision::Clear => json!({ "name": column.name.as_str(), "shown": "clear" }),
            ColumnDecision::Masked(mask) => {
                json!({ "name": column.name.as_str(), "shown": "masked", "sql": mask.sql.as_str() })
            }
            ColumnDecision::Hidden(reason) => {
                json!({ "name": column.name.as_str(), "shown": "hidden", "reason": reason })
            }
        });
        let because = self.decision.determined_by.iter().map(|part| {
            json!({
                "policy": part.rule.policy.as_str(),
                "rule": part.rule.rule,
                "effect": part.effect.to_string(),
                "sentence": part.rule.sentence,
            })
        });
        let reason = match &self.decision.read {
            Verdict::Deny(reason) => Some(reason),
            Verdict::Allow => None,
        };
        json!({
            "user": self.shown.user,
            "table": self.request.table.to_string(),
            "read": self.decision.read.is_allowed(),
            "reason": reason,
            "rows": rows,
            "columns": columns.collect::<Vec<_>>(),
            "notes": self.notes,
            "because": because.collect::<Vec<_>>(),
            "attributes": self.shown.attributes,
            "sources": self.shown.sources,
        })
    }
}
