//! The table and the picture of pushes by connections, beside all reference servers.

use super::layout::{Section, processor, ratio, shown, table};
use crate::medians::Medians;
use crate::place::Database;
use crate::plot::{Panel, Scale, Series, Style, picture};
use crate::point::{Cell, Chapter};

/// The curves in the order of the legend: the server, its label and its style.
const CURVES: [(&str, &str, Style); 4] = [
    ("echo", "echo", Style { colour: 3, dashed: true }),
    ("floor", "floor", Style { colour: 1, dashed: true }),
    ("sqlx-floor", "sqlx floor", Style { colour: 2, dashed: true }),
    ("tenure", "Tenure", Style { colour: 0, dashed: false }),
];

const COLUMNS: [&str; 12] = [
    "database",
    "connections",
    "echo, a second",
    "floor, a second",
    "sqlx floor, a second",
    "Tenure, a second",
    "Tenure / floor",
    "p99 ms: floor / Tenure",
    "p99, Tenure / floor",
    "µs of processor a push: floor / Tenure",
    "MiB at rest / at most",
    "driver, % of a core: floor / Tenure",
];

/// Formats both databases as one table and one picture.
pub fn section(medians: &Medians) -> Section {
    let (mut rows, mut panels) = (Vec::new(), Vec::new());
    for database in [Database::Sqlite, Database::Postgres] {
        let cells = medians.cells(Chapter::Connections, database, "tenure");
        if cells.is_empty() {
            continue;
        }
        rows.extend(cells.iter().map(|cell| row(medians, cell)));
        let title = database.title();
        for (title, figure, y_scale) in [
            (format!("Durable pushes a second, {title}"), "per_second", Scale::Linear),
            (format!("99 of 100 pushes answered within, ms, {title}"), "p99", Scale::Logarithmic),
        ] {
            panels.push(panel(medians, &cells, title, figure, y_scale));
        }
    }
    let label = "Pushes and their p99 by connections";
    Section {
        name: "connections",
        table: table(&COLUMNS, &rows),
        picture: (!panels.is_empty()).then(|| ("performance-connections.svg", label, picture(label, &panels))),
    }
}

fn row(medians: &Medians, cell: &Cell) -> Vec<String> {
    let of = |server: &str, name: &str| medians.beside(cell, server, name);
    let of_floor = |name: &str| ratio(of("tenure", name), of("floor", name));
    let driver = |server: &str| shown(of(server, "driver").map(|share| share * 100.0), 0);
    vec![
        cell.database.title().to_owned(),
        cell.connections.to_string(),
        shown(of("echo", "per_second"), 0),
        shown(of("floor", "per_second"), 0),
        shown(of("sqlx-floor", "per_second"), 0),
        shown(of("tenure", "per_second"), 0),
        shown(of_floor("per_second"), 2),
        format!("{} / {}", shown(of("floor", "p99"), 1), shown(of("tenure", "p99"), 1)),
        shown(of_floor("p99"), 2),
        format!("{} / {}", processor(&|name| of("floor", name)), processor(&|name| of("tenure", name))),
        format!("{} / {}", shown(of("tenure", "rest_mib"), 0), shown(of("tenure", "peak_mib"), 0)),
        format!("{} / {}", driver("floor"), driver("tenure")),
    ]
}

fn panel(medians: &Medians, cells: &[&Cell], title: String, figure: &str, y_scale: Scale) -> Panel {
    let curve = |server: &str| -> Vec<(f64, f64)> {
        let point = |cell: &&Cell| Some((cell.connections as f64, medians.beside(cell, server, figure)?));
        cells.iter().filter_map(point).collect()
    };
    let series = CURVES.map(|(server, name, style)| Series { name: name.to_owned(), style, points: curve(server) });
    Panel {
        title,
        x_label: "connections".to_owned(),
        x_ticks: cells.iter().map(|cell| (cell.connections as f64, cell.connections.to_string())).collect(),
        x_scale: Scale::Logarithmic,
        y_scale,
        goal: None,
        series: series.into_iter().filter(|series| !series.points.is_empty()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::load::Load;
    use crate::point::{Point, Step};

    fn point(server: &str, connections: usize, per_second: f64, p99: f64) -> Point {
        let cell = Cell {
            chapter: Chapter::Connections,
            database: Database::Postgres,
            stored: 0,
            connections,
            nodes: 1,
            credential_type: "career_history".to_owned(),
            server: server.to_owned(),
        };
        let figures = [("per_second", per_second), ("p99", p99), ("server_us", 20.0), ("driver", 0.3)];
        let figures: BTreeMap<String, f64> = figures.map(|(name, value)| (name.to_owned(), value)).into();
        Point { step: Step { cell, round: 0 }, load: Load::Push, figures, course: Vec::new() }
    }

    #[test]
    fn servers_of_one_connection_count_share_a_row_and_the_panels() {
        let mut points: Vec<Point> = vec![
            point("echo", 64, 50_000.0, 3.0),
            point("floor", 64, 40_000.0, 4.0),
            point("sqlx-floor", 64, 20_000.0, 8.0),
            point("tenure", 64, 30_000.0, 5.0),
            point("tenure", 512, 30_000.0, 40.0),
        ];
        let section = section(&Medians::of(&points));
        let row = "| PostgreSQL | 64 | 50000 | 40000 | 20000 | 30000 | 0.75 | 4.0 / 5.0 | 1.25 | 20 / 20 |";
        assert!(section.table.contains(row), "{}", section.table);
        assert_eq!(section.table.lines().count(), 4, "the heading, its rule and two rows");
        let (file, _, svg) = section.picture.expect("a picture");
        assert_eq!(file, "performance-connections.svg");
        assert_eq!(svg.matches(">sqlx floor</text>").count(), 2, "a curve in each panel");

        points.retain(|point| point.step.cell.server == "tenure");
        let (.., svg) = super::section(&Medians::of(&points)).picture.expect("a picture");
        assert!(!svg.contains("floor"), "servers that were not measured have no curve: {svg}");
    }
}
