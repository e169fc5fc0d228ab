//! Formats the medians as a table and a picture for each part of the suite.

mod connections;
mod layout;

use std::collections::BTreeMap;

pub use layout::Section;
use layout::{processor, ratio, shown, table};

use crate::load::Load;
use crate::medians::Medians;
use crate::place::Database;
use crate::plot::{Panel, Scale, Series, Style, picture};
use crate::point::{Cell, Chapter, Point};

/// Returns all sections of the report.
pub fn sections(points: &[Point]) -> Vec<Section> {
    let medians = Medians::of(points);
    let mut sections = vec![
        connections::section(&medians),
        sizes(&medians),
        nodes(&medians),
        types(&medians),
        polling(&medians),
        expiring(&medians, points),
    ];
    sections.retain(|section| section.table.lines().count() > 2);
    sections
}

const LOADS: [(Load, &str); 3] = [(Load::Push, "push"), (Load::Status, "status"), (Load::Bulk, "status of 30")];

fn sizes(medians: &Medians) -> Section {
    let mut rows = Vec::new();
    let mut panels = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        let cells = medians.cells(Chapter::Sizes, database, "tenure");
        let Some(none) = cells.first().copied() else { continue };
        let cost = |cell: &Cell, load| {
            ratio(medians.figure(none, load, "per_second"), medians.figure(cell, load, "per_second"))
        };
        for cell in &cells {
            let mut row = vec![database.title().to_owned(), stored(cell.stored)];
            for (load, _) in LOADS {
                row.push(shown(medians.figure(cell, load, "per_second"), 0));
                row.push(shown(cost(cell, load), 2));
                row.push(shown(medians.figure(cell, load, "p99"), 1));
                row.push(processor(&|name| medians.figure(cell, load, name)));
            }
            row.push(shown(medians.figure(cell, Load::Push, "ready_ms"), 0));
            rows.push(row);
        }
        let places: BTreeMap<u64, f64> =
            cells.iter().enumerate().map(|(place, cell)| (cell.stored, place as f64)).collect();
        panels.push(Panel {
            title: format!("Time of a request, none stored = 1, {}", database.title()),
            x_label: "submissions stored".to_owned(),
            x_ticks: cells.iter().map(|cell| (places[&cell.stored], stored(cell.stored))).collect(),
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
            goal: Some((1.25, "goal: at most 1.25".to_owned())),
            series: LOADS
                .iter()
                .enumerate()
                .map(|(colour, (load, name))| Series {
                    name: (*name).to_owned(),
                    style: Style { colour, dashed: false },
                    points: cells.iter().filter_map(|cell| Some((places[&cell.stored], cost(cell, *load)?))).collect(),
                })
                .collect(),
        });
    }
    let columns = [
        "database",
        "stored",
        "pushes a second",
        "cost",
        "p99 ms",
        "µs",
        "statuses a second",
        "cost",
        "p99 ms",
        "µs",
        "of 30, a second",
        "cost",
        "p99 ms",
        "µs",
        "ready in ms",
    ];
    let label = "What a request costs by what is stored";
    Section {
        name: "sizes",
        table: table(&columns, &rows),
        picture: (!panels.is_empty()).then(|| ("performance-sizes.svg", label, picture(label, &panels))),
    }
}

fn stored(rows: u64) -> String {
    match rows {
        0 => "none".to_owned(),
        rows if rows.is_multiple_of(1_000_000) => format!("{} M", rows / 1_000_000),
        rows => rows.to_string(),
    }
}

fn nodes(medians: &Medians) -> Section {
    let cells = medians.cells(Chapter::Nodes, Database::Postgres, "tenure");
    let rows: Vec<Vec<String>> = cells
        .iter()
        .map(|cell| {
            let own = |name, digits| shown(medians.figure(cell, Load::Push, name), digits);
            let one = Cell { nodes: 1, ..(*cell).clone() };
            let of_one =
                ratio(medians.figure(cell, Load::Push, "per_second"), medians.figure(&one, Load::Push, "per_second"));
            vec![
                cell.connections.to_string(),
                cell.nodes.to_string(),
                own("per_second", 0),
                shown(of_one, 2),
                own("p50", 1),
                own("p99", 1),
                processor(&|name| medians.figure(cell, Load::Push, name)),
            ]
        })
        .collect();
    let columns =
        ["connections", "nodes", "pushes a second", "of one node", "p50 ms", "p99 ms", "µs of processor a push"];
    Section { name: "nodes", table: table(&columns, &rows), picture: None }
}

fn types(medians: &Medians) -> Section {
    let cells = medians.cells(Chapter::Types, Database::Sqlite, "tenure");
    let rows: Vec<Vec<String>> = cells
        .iter()
        .map(|cell| {
            let own = |name, digits| shown(medians.figure(cell, Load::Push, name), digits);
            let of_floor = ratio(medians.figure(cell, Load::Push, "per_second"), medians.floor(cell, "per_second"));
            vec![
                cell.credential_type.clone(),
                shown(medians.floor(cell, "per_second"), 0),
                own("per_second", 0),
                shown(of_floor, 2),
                own("p99", 1),
                processor(&|name| medians.figure(cell, Load::Push, name)),
                format!("{} / {}", shown(medians.floor(cell, "bytes"), 0), own("bytes", 0)),
            ]
        })
        .collect();
    let columns = [
        "type",
        "floor, a second",
        "Tenure, a second",
        "of the floor",
        "p99 ms",
        "µs of processor a push",
        "bytes a submission: floor / Tenure",
    ];
    Section { name: "types", table: table(&columns, &rows), picture: None }
}

fn polling(medians: &Medians) -> Section {
    let mut rows = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        for cell in medians.cells(Chapter::Polling, database, "tenure") {
            for (load, name) in [(Load::Push, "pushes alone"), (Load::Mixed, "five pushes, a status")] {
                let own = |name, digits| shown(medians.figure(cell, load, name), digits);
                rows.push(vec![
                    database.title().to_owned(),
                    name.to_owned(),
                    own("per_second", 0),
                    own("p99", 1),
                    own("status_per_second", 0),
                    own("status_p99", 1),
                ]);
            }
        }
    }
    let columns = ["database", "load", "pushes a second", "their p99 ms", "statuses a second", "their p99 ms"];
    Section { name: "polling", table: table(&columns, &rows), picture: None }
}

fn expiring(medians: &Medians, points: &[Point]) -> Section {
    let mut rows = Vec::new();
    let mut panels = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        let Some(cell) = medians.cells(Chapter::Expiring, database, "tenure").last().copied() else { continue };
        let own = |name: &str| medians.figure(cell, Load::Push, name);
        let moved = ratio(own("p99"), own("before_p99"));
        rows.push(vec![
            database.title().to_owned(),
            cell.stored.to_string(),
            shown(own("expiring_s"), 1),
            format!("{} / {}", shown(own("before_per_second"), 0), shown(own("per_second"), 0)),
            format!("{} / {}", shown(own("before_p50"), 1), shown(own("p50"), 1)),
            format!("{} / {}", shown(own("before_p99"), 1), shown(own("p99"), 1)),
            shown(moved, 2),
            shown(own("max"), 0),
        ]);
        let Some(point) = points.iter().find(|point| point.step.cell == *cell) else { continue };
        let ends = |name: &str| own(name).unwrap_or_default();
        let last = point.course.last().map_or(1.0, |(second, _)| *second);
        panels.push(Panel {
            title: format!("p99 of each second's pushes, ms, {}", database.title()),
            x_label: format!("seconds; from {:.0} to {:.0} a million expires", ends("first_s"), ends("last_s")),
            x_ticks: (0..=5)
                .map(|part| (f64::from(part) * last / 5.0, format!("{:.0}", f64::from(part) * last / 5.0)))
                .collect(),
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
            goal: own("before_p99").map(|before| (before * 1.5, "goal: 1.5 times before".to_owned())),
            series: vec![Series {
                name: "p99".to_owned(),
                style: Style { colour: 0, dashed: false },
                points: point.course.clone(),
            }],
        });
    }
    let columns = [
        "database",
        "expire at once",
        "in s",
        "pushes a second before / during",
        "p50 ms",
        "p99 ms",
        "p99, during to before",
        "max ms",
    ];
    let label = "The p99 of pushes while a million submissions expire";
    Section {
        name: "expiring",
        table: table(&columns, &rows),
        picture: (!panels.is_empty()).then(|| ("performance-expiring.svg", label, picture(label, &panels))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Step;

    fn point(server: &str, stored: u64, round: usize, per_second: f64) -> Point {
        let cell = Cell {
            chapter: Chapter::Connections,
            database: Database::Sqlite,
            stored,
            connections: 64,
            nodes: 1,
            credential_type: "career_history".to_owned(),
            server: server.to_owned(),
        };
        let figures = BTreeMap::from([("per_second".to_owned(), per_second)]);
        Point { step: Step { cell, round }, load: Load::Push, figures, course: Vec::new() }
    }

    #[test]
    fn ratios_are_computed_from_medians() {
        let points: Vec<Point> = [(0, 9_000.0, 10_000.0), (1, 300.0, 10_000.0), (2, 8_000.0, 400.0)]
            .into_iter()
            .flat_map(|(round, tenure, floor)| [point("tenure", 0, round, tenure), point("floor", 0, round, floor)])
            .collect();
        let sections = sections(&points);
        assert_eq!(sections.len(), 1, "parts that were not measured are left out");
        assert!(sections[0].table.contains("| SQLite | 64 |  | 10000 |  | 8000 | 0.80 |"), "{}", sections[0].table);
    }
}
