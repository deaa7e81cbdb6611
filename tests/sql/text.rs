//! Hostile names and values through the whole engine, read back by a parser that is not ours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use meshward::document::kinds::{
    Attribute, Cardinality, Documents, Missing, PlacedBy, Policy, PolicyRule, Tag, Tagging,
};
use meshward::engine::decide;
use meshward::engine::snapshot::Snapshot;
use meshward::language::syntax::{
    Audience, AudienceBase, Case, ColumnTarget, ColumnWord, Comparison, Condition, Lifting, MaskWord, Operand, Rule,
    Sentence, Span, Spanned, Target, TextMatch,
};
use meshward::model::column_type::ColumnType;
use meshward::model::decision::{ColumnDecision, Decision, Rows};
use meshward::model::mask::Mask;
use meshward::model::name::{Identifier, Name, TableName};
use meshward::model::regex::Regex;
use meshward::model::request::{Column, Request, TableRequest};
use meshward::model::subject::{Identity, Party, Resolved, Subject};
use meshward::model::value::{Value, ValueType};
use meshward::sql::expression::Masked;
use meshward::sql::print;
use proptest::prelude::*;
use sqlparser::ast::{BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, InTarget};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::language::hostile_text;

fn at<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}

/// Everything in a question that somebody may choose.
#[derive(Clone, Debug)]
struct Hostile {
    column: String,
    literal: String,
    constant: String,
    values: Vec<String>,
    user: String,
    tag: String,
}

fn hostile() -> impl Strategy<Value = Hostile> {
    let values = prop::collection::vec(hostile_text(), 1..4);
    (hostile_text(), hostile_text(), hostile_text(), values, hostile_text(), hostile_text())
        .prop_filter("a column and a tag have names", |(column, _, _, _, _, tag)| {
            !column.is_empty() && Name::new(tag).is_some()
        })
        .prop_map(|(column, literal, constant, values, user, tag)| Hostile {
            column,
            literal,
            constant,
            values,
            user,
            tag,
        })
}

fn rule(sentence: Sentence) -> PolicyRule {
    PolicyRule { name: None, rule: Rule { sentence, lifting: Lifting::Never } }
}

fn everyone() -> Audience {
    Audience { of: AudienceBase::Everyone, except: Vec::new() }
}

/// A guard of four comparisons with the hostile column, and a mask with a hostile constant where the column has a literal.
fn documents(hostile: &Hostile) -> Documents {
    let column = Operand::Column(at(Identifier::new(&hostile.column)));
    let tagged = Operand::ColumnTagged(at(Name::new(&hostile.tag).unwrap()));
    let literal = Operand::Literal(at(Value::text(&hostile.literal)));
    let attribute = |name: &str| Operand::Attribute(at(Name::new(name).unwrap()));
    let equal = |left: &Operand, right: Operand| Condition::Compare {
        left: left.clone(),
        operator: Comparison::Equal,
        right,
        case: Case::Exact,
    };
    let guard = Condition::And(vec![
        equal(&column, literal.clone()),
        equal(&tagged, attribute("regions")),
        equal(&column, attribute("user")),
        Condition::TextMatch {
            left: column.clone(),
            kind: TextMatch::Contains,
            right: literal.clone(),
            case: Case::Exact,
        },
    ]);
    let mask = Sentence::MaskColumns {
        columns: ColumnTarget { of: vec![ColumnWord::Named(at(Identifier::new(&hostile.column)))], except: Vec::new() },
        mask: MaskWord::Known(Mask::Constant(Value::text(&hostile.constant))),
        cells: Some(equal(&column, literal)),
        audience: everyone(),
    };
    let name = |text: &str| Name::new(text).unwrap();
    let allow = meshward::language::parse::rule("allow everyone to read").unwrap();
    let policy = Policy {
        name: name("p"),
        domain: None,
        description: None,
        on: Target::Everything,
        rules: vec![
            PolicyRule { name: None, rule: allow },
            rule(Sentence::OnlyShowRows { rows: guard, audience: everyone() }),
            rule(mask),
        ],
        from: None,
        until: None,
    };
    let tag = Tag { name: name(&hostile.tag), placed_by: PlacedBy::Mesh, description: None };
    let tagging = Tagging {
        name: name("t"),
        domain: None,
        table: TableName::new("c", "s", "t"),
        tags: Vec::new(),
        columns: BTreeMap::from([(Identifier::new(&hostile.column), vec![name(&hostile.tag)])]),
    };
    let regions = Attribute {
        name: name("regions"),
        value_type: ValueType::Text,
        cardinality: Cardinality::Many,
        missing: Missing::Unknown,
        description: None,
    };
    Documents {
        policies: BTreeMap::from([(policy.name.clone(), policy)]),
        tags: BTreeMap::from([(tag.name.clone(), tag)]),
        taggings: BTreeMap::from([(tagging.name.clone(), tagging)]),
        attributes: BTreeMap::from([(regions.name.clone(), regions)]),
        ..Documents::default()
    }
}

/// The filters and the mask that the engine prints.
fn printed(hostile: &Hostile) -> (Vec<String>, String) {
    let snapshot = Snapshot::build(&documents(hostile), &TimeZone::UTC);
    let values: BTreeSet<Value> = hostile.values.iter().map(|value| Value::text(value)).collect();
    let subject = Subject {
        asking: Party {
            identity: Identity::of_user(&hostile.user),
            attributes: BTreeMap::from([(Name::new("regions").unwrap(), Resolved::Values(values))]),
            ..Party::default()
        },
        invoker: None,
        now: "2026-03-15T12:00:00Z".parse().unwrap(),
        cluster: Arc::from("c"),
    };
    let column = Column::typed(Identifier::new(&hostile.column), ColumnType::Varchar(None));
    let request = TableRequest { table: TableName::new("c", "s", "t"), columns: vec![column] };
    let Decision::Table(decision) = decide(&snapshot, &subject, &Request::Table(request)) else {
        panic!("not a table")
    };
    let Rows::Where(filters) = decision.rows else { panic!("{:?}", decision.rows) };
    let [ColumnDecision::Masked(mask)] = &decision.columns[..] else { panic!("{:?}", decision.columns) };
    (filters.iter().map(|filter| filter.sql.to_string()).collect(), mask.sql.to_string())
}

/// The one expression of a text, as it stands in a query, and nothing after it.
fn whole(sql: &str) -> Result<Expr, TestCaseError> {
    let mut parser = Parser::new(&GenericDialect {})
        .try_with_sql(sql)
        .map_err(|error| TestCaseError::fail(format!("{sql}: {error}")))?;
    let expression = parser.parse_expr().map_err(|error| TestCaseError::fail(format!("{sql}: {error}")))?;
    prop_assert_eq!(&parser.peek_token().token, &sqlparser::tokenizer::Token::EOF, "{}", sql);
    Ok(expression)
}

/// What a tree names and says.
#[derive(Default)]
struct Contents {
    columns: BTreeSet<String>,
    texts: BTreeSet<String>,
    nodes: usize,
}

impl Contents {
    /// Walks the kinds of nodes that are printed here; any other is a break-out.
    fn walk(&mut self, expression: &Expr) {
        self.nodes += 1;
        match expression {
            Expr::Identifier(name) if name.quote_style == Some('"') => drop(self.columns.insert(name.value.clone())),
            Expr::Value(value) => self.texts.extend(value.value.clone().into_string()),
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } | Expr::UnaryOp { expr: inner, .. } => {
                self.walk(inner)
            }
            Expr::BinaryOp { left, right, .. } => [left, right].into_iter().for_each(|side| self.walk(side)),
            Expr::In { expr, target: InTarget::List(list), .. } => {
                self.walk(expr);
                list.iter().for_each(|item| self.walk(item));
            }
            Expr::Like { expr, pattern, escape_char: Some(escape), .. } => {
                [expr, pattern, escape].into_iter().for_each(|side| self.walk(side));
            }
            Expr::Case { operand: None, conditions, else_result: Some(otherwise), .. } => {
                for when in conditions {
                    self.walk(&when.condition);
                    self.walk(&when.result);
                }
                self.walk(otherwise);
            }
            Expr::Function(called) => {
                let FunctionArguments::List(list) = &called.args else { panic!("{called}") };
                for argument in &list.args {
                    let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument else { panic!("{called}") };
                    self.walk(argument);
                }
            }
            other => panic!("{other} is none of what is printed"),
        }
    }
}

fn contents(expression: &Expr) -> Contents {
    let mut contents = Contents::default();
    contents.walk(expression);
    contents
}

/// `a AND b AND ...`, in parentheses or not.
fn conjuncts<'a>(expression: &'a Expr, into: &mut Vec<&'a Expr>) {
    match expression {
        Expr::Nested(inner) => conjuncts(inner, into),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, into);
            conjuncts(right, into);
        }
        other => into.push(other),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_out_of_a_pattern(written in hostile_text(), shown in hostile_text(), column in hostile_text()) {
        let escaped = |text: &str, signs: &str| text.chars().fold(String::new(), |mut escaped, c| {
            if signs.contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
            escaped
        });
        let regex = Regex::new(&escaped(&written, "\\.+*?()|[]{}^$"), &escaped(&shown, "\\$"));
        prop_assume!(!written.is_empty() && !column.is_empty() && regex.is_ok());
        let regex = regex.unwrap();
        let column = Identifier::new(&column);
        let printed = print::mask(&Masked::Regex(regex.clone()), &column, ColumnType::Varchar(Some(9)));
        let contents = contents(&whole(printed.as_str())?);
        prop_assert_eq!(contents.texts, BTreeSet::from([regex.normal().to_owned(), regex.replacement().to_owned()]));
        prop_assert_eq!(contents.columns, BTreeSet::from([column.as_str().to_owned()]));
    }

    #[test]
    fn nothing_breaks_out_of_a_filter(hostile in hostile()) {
        let (filters, _) = printed(&hostile);
        prop_assert_eq!(filters.len(), 1);
        let printed = whole(&filters[0])?;
        // `P AND COALESCE(P, FALSE)`: the same twice.
        let tree = match &printed {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                let inner = left.to_string();
                let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(&inner);
                prop_assert_eq!(right.to_string(), format!("COALESCE({inner}, false)"));
                (**left).clone()
            }
            other => return Err(TestCaseError::fail(format!("{other}"))),
        };
        let mut parts = Vec::new();
        conjuncts(&tree, &mut parts);
        prop_assert_eq!(parts.len(), 4, "{}", filters[0]);
        let column = Identifier::new(&hostile.column).as_str().to_owned();
        for part in &parts {
            let is_comparison = matches!(
                part,
                Expr::BinaryOp { op: BinaryOperator::Eq, .. }
                    | Expr::In { target: InTarget::List(_), negated: false, .. }
                    | Expr::Like { negated: false, .. }
            );
            prop_assert!(is_comparison, "{}", part);
        }
        let found = contents(&tree);
        prop_assert_eq!(found.columns, BTreeSet::from([column]));
        let pattern: String = hostile.literal.chars().flat_map(|c| match c {
            '%' | '_' | '\\' => vec!['\\', c],
            c => vec![c],
        }).collect();
        let mut wanted: BTreeSet<String> = hostile.values.iter().cloned().collect();
        wanted.extend([hostile.literal.clone(), hostile.user.clone(), format!("%{pattern}%"), "\\".to_owned()]);
        prop_assert_eq!(found.texts, wanted);
    }

    #[test]
    fn nothing_breaks_out_of_a_mask(hostile in hostile()) {
        let (_, mask) = printed(&hostile);
        let tree = whole(&mask)?;
        prop_assert!(matches!(tree, Expr::Cast { .. }), "{}", mask);
        let found = contents(&tree);
        let column = Identifier::new(&hostile.column).as_str().to_owned();
        prop_assert_eq!(found.columns, BTreeSet::from([column]));
        prop_assert_eq!(found.texts, BTreeSet::from([hostile.literal.clone(), hostile.constant.clone()]));
        // CAST(CASE WHEN NOT (column = literal) THEN CAST(column) ELSE CAST(constant) END), and nothing more.
        prop_assert_eq!(found.nodes, 11, "{}", mask);
    }

    #[test]
    fn what_is_printed_shows_as_it_is(hostile in hostile()) {
        let (filters, mask) = printed(&hostile);
        for sql in filters.iter().chain([&mask]) {
            let quoted_name = Identifier::new(&hostile.column).as_str().replace('"', "\"\"");
            let rest = sql.replace(&quoted_name, "");
            prop_assert!(!rest.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)), "{:?}", rest);
        }
    }
}
