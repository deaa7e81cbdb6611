//! Who gains and who loses what between two folders of documents.
//!
//! Nothing here compares text: [`crate::engine`] is asked of both folders, for each kind of person before each kind of table that
//! their rules can tell apart. Where the rules on a table are the same in both folders, and all that they look at, so are all
//! answers, and nobody is asked.

mod background;
mod blame;
mod candidates;
mod cells;
mod change;
mod context;
mod declared;
pub mod finding;
mod interest;
mod kinds;
mod layout;
mod people;
mod places;
mod region;
mod rows;
mod shown;
mod told;
mod types;
mod undo;
mod verdicts;
mod who;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::diff::background::Background;
use crate::diff::blame::Blame;
use crate::diff::change::{Bench, Change, Pair, Way};
use crate::diff::context::{Context, Key, Rules};
use crate::diff::declared::Declared;
use crate::diff::finding::{Diff, Example, Finding, What};
use crate::diff::interest::Interest;
use crate::diff::kinds::Kinds;
use crate::diff::people::People;
use crate::diff::places::{ActsOn, AskedTable, Thing};
use crate::diff::told::Told;
use crate::diff::types::Columns;
use crate::diff::undo::Steps;
use crate::diff::who::Who;
use crate::document::kinds::{Documents, Tagging};
use crate::engine::snapshot::Snapshot;
use crate::engine::tags::Placed;
use crate::engine::target::Place;
use crate::model::name::{Identifier, TableName};
use crate::model::request::{Column, TableRequest};

/// The most points that are looked at for the rules on one place, and for all places together.
const MOST_POINTS: usize = 8_192;
const MOST_POINTS_IN_ALL: usize = 200_000;

/// However many places there are, so many points are looked at for each.
const FEWEST_POINTS: usize = 128;

/// So many places at which not every combination was looked at are named.
const MOST_LEFT_OUT: usize = 5;

/// So many kinds of people's views of a table are looked through.
const MOST_DEFINERS: usize = 4;

/// One folder.
#[derive(Debug)]
struct Side<'a> {
    documents: &'a Documents,
    snapshot: &'a Snapshot,
    now: Timestamp,
}

/// Says who gains and loses what from `old` to `new`, at `now`; a date means the whole day in `zone`.
pub fn diff(old: &Documents, new: &Documents, zone: &TimeZone, now: Timestamp) -> Diff {
    let places::Tables { tables, taggings, cut } = places::tables(old, new);
    let with = |documents: &Documents| {
        let mut documents = documents.clone();
        let own = taggings.iter().map(|tagging: &Tagging| (tagging.name.clone(), tagging.clone()));
        documents.taggings.extend(own);
        documents
    };
    let (old, new) = (with(old), with(new));
    let (before, after) = (Snapshot::build(&old, zone), Snapshot::build(&new, zone));
    let sides = [&Side { documents: &old, snapshot: &before, now }, &Side { documents: &new, snapshot: &after, now }];
    let things = places::things(&old, &new, &tables);
    let background = Background::of(&old, &new);
    Comparison {
        sides,
        rules: Rules::of(sides),
        steps: Steps::of(sides, background.documents.clone()),
        background,
        declared: Declared::of(&old, &new),
        found: Vec::new(),
        cannot_be_told: background::cannot_be_told(&old, &new),
        left_out: cut
            .then(|| "not every kind of table that patterns tell apart was looked at".to_owned())
            .into_iter()
            .collect(),
        views: BTreeSet::new(),
        untyped: 0,
        sql: false,
    }
    .run(&tables, &things)
}

struct Comparison<'a, 'b> {
    sides: [&'b Side<'a>; 2],
    rules: Rules,
    steps: Steps,
    background: Background,
    declared: Declared,
    found: Vec<Told>,
    cannot_be_told: Vec<String>,
    left_out: BTreeSet<String>,
    /// Tables of which some owners' views were not looked through.
    views: BTreeSet<String>,
    untyped: usize,
    sql: bool,
}

/// Tables, or other things, with the same rules on them.
struct Share<'a, T> {
    context: Context<'a>,
    unchanged: bool,
    members: Vec<T>,
}

impl<'a> Comparison<'a, '_> {
    fn run(mut self, tables: &[AskedTable], things: &[Thing]) -> Diff {
        let mut shares: BTreeMap<Key, Share<'a, &AskedTable>> = BTreeMap::new();
        for table in tables {
            let bases: Vec<TableName> = table.name.bases().collect();
            let places: Vec<Place<'_>> = bases.iter().chain([&table.name]).map(Place::Table).collect();
            let (key, context) = self.rules.context(self.sides, &places, Some(&table.name));
            let unchanged = key.is_unchanged();
            shares.entry(key).or_insert_with(|| Share { context, unchanged, members: Vec::new() }).members.push(table);
        }
        let mut others: BTreeMap<(Key, &str), Share<'a, &Thing>> = BTreeMap::new();
        for thing in things {
            let Some(place) = thing.place() else { continue };
            let catalog = match &place {
                Place::CatalogProperty(catalog, _) => Some(Place::Catalog(catalog)),
                _ => None,
            };
            let places: Vec<Place<'_>> = [Some(place), catalog].into_iter().flatten().collect();
            let (key, context) = self.rules.context(self.sides, &places, None);
            let unchanged = key.is_unchanged();
            let kind = std::mem::discriminant(&thing.resource);
            let share = others.entry((key, kind_word(thing))).or_insert_with(|| Share {
                context,
                unchanged,
                members: Vec::new(),
            });
            debug_assert!(share.members.first().is_none_or(|first| std::mem::discriminant(&first.resource) == kind));
            share.members.push(thing);
        }
        let shares: Vec<Share<'_, &AskedTable>> = shares.into_values().filter(|share| self.may_differ(share)).collect();
        let others: Vec<Share<'_, &Thing>> = others
            .into_values()
            .filter(|share| {
                !share.unchanged
                    || !self.background.is_the_same()
                        && self.background.matters_to(&share.context.interest(self.sides, None))
            })
            .collect();
        let most = (MOST_POINTS_IN_ALL / (shares.len() + others.len()).max(1)).clamp(FEWEST_POINTS, MOST_POINTS);
        shares.iter().for_each(|share| self.tables(share, most));
        others.iter().for_each(|share| self.things(share, most));
        self.finish()
    }

    /// Whether anything about some tables can be decided in another way.
    fn may_differ(&self, share: &Share<'a, &AskedTable>) -> bool {
        if !share.unchanged {
            return true;
        }
        let [old, new] = self.sides;
        let tags = |side: &Side<'_>, table: &AskedTable| side.snapshot.tags.of(&table.name).clone();
        share.members.iter().any(|table| tags(old, table) != tags(new, table))
            || !self.background.is_the_same()
                && self
                    .background
                    .matters_to(&share.context.interest(self.sides, share.members.first().map(|table| &table.name)))
    }

    fn tables(&mut self, share: &Share<'a, &AskedTable>, most: usize) {
        let Some(first) = share.members.first() else { return };
        let people = self.people(&share.context, Some(&first.name), most, &first.shown);
        let [old, new] = self.sides;
        let columns = Columns::of(share.context.rules.iter().flatten().copied(), [old.documents, new.documents]);
        let mut classes: BTreeMap<Vec<ColumnClass>, (Vec<Column>, Vec<&AskedTable>)> = BTreeMap::new();
        let alike = |class: &[ColumnClass]| class.iter().all(|column| column.placed[0] == column.placed[1]);
        for table in &share.members {
            let (class, asked) = self.columns(&table.name, &columns);
            classes.entry(class).or_insert_with(|| (asked, Vec::new())).1.push(table);
        }
        let classes: Vec<_> = classes
            .into_iter()
            .filter_map(|(class, (columns, tables))| {
                // A table that nobody named says nothing that a named one with the same rules and columns does not.
                let named: Vec<&AskedTable> = tables.iter().copied().filter(|table| table.declared).collect();
                // INVARIANT: the columns are those of the first; named tables come first.
                let request = change::request(&tables.first()?.name, &columns);
                let tables = if named.is_empty() { tables } else { named };
                let shown = tables.iter().map(|table| table.shown.clone()).collect::<BTreeSet<String>>();
                Some((request, On { shown, named: !tables.iter().any(|table| !table.declared) }, alike(&class)))
            })
            .collect();
        let context = &share.context;
        let (mut found, mut views) = (Vec::new(), BTreeSet::new());
        let bench = Bench::new(self.sides, (&self.rules, &self.steps), context, ActsOn::Table);
        for (request, on, tags_alike) in &classes {
            let (definers, more) = definers(&bench, &people, request);
            if more {
                views.insert(format!("{}: not everybody's views of it were looked through", first.shown));
            }
            found.extend(self.findings(&people, on, |pair| {
                if pair.alike && *tags_alike && definers.is_empty() {
                    return Vec::new();
                }
                let mut changes = bench.table(pair, request);
                changes.extend(through_views(&bench, &definers, pair, request, &changes));
                changes
            }));
        }
        self.found.extend(found);
        self.views.extend(views);
    }

    fn things(&mut self, share: &Share<'a, &Thing>, most: usize) {
        let Some(first) = share.members.first() else { return };
        let people = self.people(&share.context, None, most, &first.shown);
        let context = &share.context;
        let mut found = Vec::new();
        let bench = Bench::new(self.sides, (&self.rules, &self.steps), context, ActsOn::of(&first.resource));
        for thing in &share.members {
            let on = On { shown: BTreeSet::from([thing.shown.clone()]), named: true };
            found.extend(self.findings(&people, &on, |pair| {
                if pair.alike { Vec::new() } else { bench.thing(pair, &thing.resource) }
            }));
        }
        self.found.extend(found);
    }

    /// The kinds of people whom the rules on a place can tell apart, and which of them each point is one of.
    fn people(&mut self, context: &Context<'a>, table: Option<&TableName>, most: usize, on: &str) -> Kinds {
        let interest = context.interest(self.sides, table);
        self.sql |= interest.sql;
        let mut foremost = Interest::default();
        context.changed().for_each(|rule| foremost.rule(rule));
        let people = People::of(self.sides, &self.declared, &interest, &foremost, most);
        if let Some(left_out) = &people.left_out {
            self.left_out.insert(format!("{on} and what has the same rules: {left_out} were looked at"));
        }
        Kinds::of(self.sides, context, people, table)
    }

    /// What differs for whom, at things that are alike.
    fn findings(&self, kinds: &Kinds, On { shown, named }: &On, ask: impl Fn(&Pair) -> Vec<Change>) -> Vec<Told> {
        let mut changes: BTreeMap<(Way, What, Blame), BTreeMap<usize, Change>> = BTreeMap::new();
        for (number, pair) in kinds.pairs.iter().enumerate() {
            for mut change in ask(pair) {
                if change.because == Blame::default() {
                    change.because.causes = self.background.first().collect();
                }
                let key = (change.way, change.what.clone(), change.because.clone());
                changes.entry(key).or_default().insert(number, change);
            }
        }
        let mut found = Vec::new();
        for ((way, what, because), of) in changes {
            let of_people = because.people;
            let is_in = |point: usize| kinds.of_point.get(point).copied().flatten().map(|kind| of.contains_key(&kind));
            for Who { words, users, by_membership, example } in who::told(&kinds.people, &self.declared, &is_in) {
                let kind = kinds.of_point.get(example).copied().flatten();
                let Some(change) = kind.and_then(|kind| of.get(&kind)) else { continue };
                let example = Example {
                    on: shown.first().cloned().unwrap_or_default(),
                    before: change.before.clone(),
                    after: change.after.clone(),
                    certainty: change.certainty.clone(),
                };
                let (what, mut because, on) = (what.clone(), because.causes.clone(), shown.clone());
                if of_people {
                    because.extend(self.background.of_users(&users));
                }
                if because.is_empty() {
                    because.extend(self.background.first());
                }
                let finding = Finding { who: words, users, by_membership, what, on, example, because };
                found.push(Told { way, named: *named, finding });
            }
        }
        found
    }

    /// The columns to ask about at a table, and what rules can tell of them.
    fn columns(&mut self, table: &TableName, by_rules: &Columns) -> (Vec<ColumnClass>, Vec<Column>) {
        let [old, new] = self.sides;
        let document = new.documents.tables.get(table).or_else(|| old.documents.tables.get(table));
        let tags = self.sides.map(|side| side.snapshot.tags.of(table));
        let mut columns: Vec<Column> = document.map(|table| table.columns.clone()).unwrap_or_default();
        let tagged = tags.iter().flat_map(|tags| tags.tagged_columns());
        let mut more: BTreeSet<&Identifier> = tagged.collect();
        let nobodys = Identifier::new("");
        if document.is_none() {
            more.extend(&by_rules.named);
            more.insert(&nobodys);
            self.untyped += 1;
        }
        for name in more {
            if columns.iter().all(|column| column.name != *name) {
                let placed = tags.iter().flat_map(|tags| tags.on_column(name)).map(Placed::tag);
                columns.push(Column::typed(name.clone(), by_rules.type_of(name, placed)));
            }
        }
        let mut classes: Vec<ColumnClass> = columns
            .iter()
            .map(|column| {
                let placed = tags.map(|tags| {
                    let all = tags.on_column(&column.name);
                    let told = |placed: &&Placed| {
                        by_rules.untagged || by_rules.tags.iter().any(|tag| placed.tag().is_within(tag))
                    };
                    all.iter().filter(told).cloned().collect::<Vec<Placed>>()
                });
                let named = by_rules.named.contains(&column.name) || column.is_the_connectors();
                ColumnClass {
                    name: named.then(|| column.name.clone()),
                    column_type: format!("{:?}", column.column_type),
                    placed,
                }
            })
            .collect();
        classes.sort();
        classes.dedup_by(|one, other| one == other && one.placed.iter().all(Vec::is_empty));
        (classes, columns)
    }

    fn finish(self) -> Diff {
        let mut diff = told::put_together(self.found);
        diff.cannot_be_told = self.cannot_be_told;
        let more = self.left_out.len().saturating_sub(MOST_LEFT_OUT);
        let left_out = self.left_out.into_iter().take(MOST_LEFT_OUT);
        let rest = (more > 0).then(|| format!("{more} more places: not every combination of what people have"));
        let left_out = left_out.chain(rest);
        // FAIL-CLOSED: who was not looked at may gain, so that without a gain it cannot be told whether there is one.
        if diff.gains.is_empty() {
            diff.cannot_be_told.extend(left_out)
        } else {
            diff.not_covered.extend(left_out)
        }
        diff.not_covered.extend(self.views.into_iter().take(MOST_LEFT_OUT));
        if diff.gains.is_empty() && diff.losses.is_empty() {
            return diff;
        }
        if self.untyped > 0 {
            diff.not_covered.push(
                "tables without a Table document: only the columns that documents name were asked about, with the types that rules compare them with".to_owned(),
            );
        }
        if self.sql {
            diff.not_covered.push(
                "`sql` of a rule's own cannot be read: what depends on it counts as a gain where it may be one"
                    .to_owned(),
            );
        }
        diff
    }
}

/// Those whose views are looked through: some of those who may share a table, with whether anything differs for themselves; and
/// whether there are more.
fn definers<'k>(bench: &Bench<'_, '_>, kinds: &'k Kinds, request: &TableRequest) -> (Vec<(&'k Pair, Vec<Way>)>, bool) {
    if !bench.somebody_may_share() {
        return (Vec::new(), false);
    }
    let mut sharing = kinds.pairs.iter().filter(|pair| bench.may_share(pair, request));
    let some: Vec<&Pair> = sharing.by_ref().take(MOST_DEFINERS).collect();
    let more = sharing.next().is_some();
    (some.into_iter().map(|pair| (pair, ways(&bench.table(pair, request)))).collect(), more)
}

/// Which ways what is seen of a table changes.
fn ways(changes: &[Change]) -> Vec<Way> {
    changes.iter().filter(|change| !matches!(change.what, What::Actions(_))).map(|change| change.way).collect()
}

/// What somebody sees more or less of through others' views. What changes for oneself, or for the view's owner, is said there.
fn through_views(
    bench: &Bench<'_, '_>,
    definers: &[(&Pair, Vec<Way>)],
    pair: &Pair,
    request: &TableRequest,
    own: &[Change],
) -> Vec<Change> {
    let mut told = ways(own);
    let mut changes = Vec::new();
    for (definer, of_definer) in definers {
        for change in bench.view(definer, pair, request) {
            if !told.contains(&change.way) && !of_definer.contains(&change.way) {
                told.push(change.way);
                changes.push(Change { what: What::Views, ..change });
            }
        }
    }
    changes
}

/// What a finding is on, in words.
struct On {
    shown: BTreeSet<String>,
    named: bool,
}

/// What rules can tell of a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ColumnClass {
    name: Option<Identifier>,
    column_type: String,
    placed: [Vec<Placed>; 2],
}

fn kind_word(thing: &Thing) -> &'static str {
    match ActsOn::of(&thing.resource) {
        ActsOn::System => "system",
        ActsOn::User => "user",
        ActsOn::Role => "role",
        ActsOn::Catalog => "catalog",
        ActsOn::Schema => "schema",
        ActsOn::Table => "table",
        ActsOn::Function => "function",
        ActsOn::Property => "property",
    }
}
