//! Draws line plots as SVG from text, lines and dots only, readable in light and dark.

use std::fmt::Write as _;

/// One curve.
#[derive(Clone, Debug)]
pub struct Series {
    /// The label in the legend.
    pub name: String,
    /// The colour, and whether the line is dashed (as the reference servers' are).
    pub style: Style,
    /// The points; x in the units of the panel's tick values.
    pub points: Vec<(f64, f64)>,
}

/// How a curve is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Index of the colour, 0 to 3.
    pub colour: usize,
    /// Whether the line is dashed.
    pub dashed: bool,
}

/// The scale of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal distances for equal differences.
    Linear,
    /// Equal distances for equal ratios.
    Logarithmic,
}

/// One plot in a picture.
#[derive(Clone, Debug)]
pub struct Panel {
    /// The text above the plot.
    pub title: String,
    /// The text below the plot.
    pub x_label: String,
    /// The labelled positions on the x axis.
    pub x_ticks: Vec<(f64, String)>,
    /// The scale of the x axis.
    pub x_scale: Scale,
    /// The scale of the y axis.
    pub y_scale: Scale,
    /// A horizontal line at this value, with its label.
    pub goal: Option<(f64, String)>,
    /// The curves.
    pub series: Vec<Series>,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
/// Margins of the plot area within a panel: left, top, right and bottom.
const LEFT: f64 = 62.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 50.0;

const STYLE: &str = "<style>text{fill:#17212b}.grid{stroke:#17212b;stroke-opacity:.13}.axis{stroke:#17212b;stroke-opacity:.6}.goal{stroke:#b3261e;stroke-dasharray:2 4}.goal-text{fill:#b3261e}polyline{fill:none;stroke-width:2.2}.dashed{stroke-dasharray:7 5}.s0{stroke:#0f5257}.s1{stroke:#b25e00}.s2{stroke:#5b4bb3}.s3{stroke:#6d7a86}.f0{fill:#0f5257}.f1{fill:#b25e00}.f2{fill:#5b4bb3}.f3{fill:#6d7a86}@media(prefers-color-scheme:dark){text{fill:#e8ecef}.grid,.axis{stroke:#e8ecef}.goal{stroke:#ff8a80}.goal-text{fill:#ff8a80}.s0{stroke:#7fd1c7}.s1{stroke:#f5b26b}.s2{stroke:#b5a9ff}.s3{stroke:#a3b0bb}.f0{fill:#7fd1c7}.f1{fill:#f5b26b}.f2{fill:#b5a9ff}.f3{fill:#a3b0bb}}</style>\n";

/// Draws the panels in rows of two.
pub fn picture(label: &str, panels: &[Panel]) -> String {
    let columns = panels.len().clamp(1, 2);
    let rows = panels.len().div_ceil(2);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{label}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n{STYLE}",
        columns as f64 * WIDTH,
        rows as f64 * HEIGHT
    );
    for (index, panel) in panels.iter().enumerate() {
        let (x, y) = ((index % 2) as f64 * WIDTH, (index / 2) as f64 * HEIGHT);
        let _ = writeln!(svg, "<g transform=\"translate({x:.0} {y:.0})\">");
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let (y_ticks, bottom, top) = self.y_axis();
        let x_ends = self.x_ends();
        let x = |value: f64| LEFT + share(self.x_scale, value, x_ends) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - share(self.y_scale, value, (bottom, top)) * (HEIGHT - TOP - BOTTOM);
        let _ = writeln!(svg, "<text x=\"10\" y=\"20\" font-size=\"13\" font-weight=\"600\">{}</text>", self.title);
        for tick in y_ticks {
            let at = y(tick);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 7.0,
                at + 4.0,
                short(tick)
            );
        }
        let floor = HEIGHT - BOTTOM;
        let _ = writeln!(svg, "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {TOP}V{floor}H{}\"/>", WIDTH - RIGHT);
        for (value, name) in &self.x_ticks {
            let at = x(*value);
            let _ = writeln!(
                svg,
                "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{floor}\" y2=\"{}\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>",
                floor + 4.0,
                floor + 17.0
            );
        }
        let middle = LEFT + (WIDTH - LEFT - RIGHT) / 2.0;
        let _ =
            writeln!(svg, "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>", floor + 36.0, self.x_label);
        if let Some((height, text)) = &self.goal {
            let at = y(*height);
            let _ = writeln!(
                svg,
                "<line class=\"goal\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text class=\"goal-text\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                WIDTH - RIGHT,
                WIDTH - RIGHT - 4.0,
                at - 5.0
            );
        }
        for series in &self.series {
            series.draw(svg, &x, &y);
        }
        self.legend(svg);
    }

    fn legend(&self, svg: &mut String) {
        let mut at = LEFT + 8.0;
        for series in &self.series {
            let dashed = if series.style.dashed { " dashed" } else { "" };
            let _ = writeln!(
                svg,
                "<polyline class=\"s{}{dashed}\" points=\"{at:.0},31 {:.0},31\"/><text x=\"{:.0}\" y=\"35\">{}</text>",
                series.style.colour,
                at + 24.0,
                at + 29.0,
                series.name
            );
            at += 42.0 + series.name.chars().count() as f64 * 6.6;
        }
    }

    /// Returns the smallest and the largest x of ticks and points.
    fn x_ends(&self) -> (f64, f64) {
        let ticks = self.x_ticks.iter().map(|(value, _)| *value);
        let all = ticks.chain(self.series.iter().flat_map(|series| series.points.iter().map(|(x, _)| *x)));
        let (least, most) = all.fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)));
        if least < most { (least, most) } else { (least, least + 1.0) }
    }

    /// Returns round tick values that span all points, and the ends of the axis.
    fn y_axis(&self) -> (Vec<f64>, f64, f64) {
        let goal = self.goal.iter().map(|(height, _)| *height);
        let values = self.series.iter().flat_map(|series| series.points.iter().map(|(_, y)| *y)).chain(goal);
        let (least, most) = values
            .filter(|value| *value > 0.0)
            .fold((f64::MAX, f64::MIN), |(least, most), value| (least.min(value), most.max(value)));
        if least > most {
            return (vec![0.0, 1.0], 0.0, 1.0);
        }
        if self.y_scale == Scale::Logarithmic {
            let (first, last) = (least.log10().floor(), most.log10().ceil().max(least.log10().floor() + 1.0));
            let mut ticks = Vec::new();
            let mut power = first;
            while power <= last {
                ticks.push(10_f64.powf(power));
                power += 1.0;
            }
            return (ticks, 10_f64.powf(first), 10_f64.powf(last));
        }
        let rough = most / 4.0;
        let magnitude = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|step| step * magnitude >= rough).unwrap_or(10.0) * magnitude;
        let count = (most * 1.02 / step).ceil();
        let mut ticks = vec![0.0];
        while (ticks.len() as f64) <= count {
            ticks.push(ticks.len() as f64 * step);
        }
        (ticks, 0.0, count * step)
    }
}

impl Series {
    fn draw(&self, svg: &mut String, x: &impl Fn(f64) -> f64, y: &impl Fn(f64) -> f64) {
        let (colour, dashed) = (self.style.colour, if self.style.dashed { " dashed" } else { "" });
        let points: Vec<String> =
            self.points.iter().map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value))).collect();
        let _ = writeln!(svg, "<polyline class=\"s{colour}{dashed}\" points=\"{}\"/>", points.join(" "));
        // A time series has too many points for dots.
        if self.points.len() <= 12 {
            for (at, value) in &self.points {
                let _ =
                    writeln!(svg, "<circle class=\"f{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>", x(*at), y(*value));
            }
        }
    }
}

/// Returns the position of `value` between the ends, 0 to 1.
fn share(scale: Scale, value: f64, (from, to): (f64, f64)) -> f64 {
    let share = match scale {
        Scale::Linear => (value - from) / (to - from),
        Scale::Logarithmic => (value.max(from) / from).ln() / (to / from).ln(),
    };
    share.clamp(0.0, 1.0)
}

fn short(value: f64) -> String {
    if value >= 1000.0 {
        let thousands = value / 1000.0;
        return if thousands.fract() == 0.0 { format!("{thousands:.0}k") } else { format!("{thousands:.1}k") };
    }
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}").trim_end_matches('0').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(y_scale: Scale, points: &[(f64, f64)]) -> Panel {
        Panel {
            title: "Pushes".to_owned(),
            x_label: "connections".to_owned(),
            x_ticks: vec![(1.0, "1".to_owned()), (512.0, "512".to_owned())],
            x_scale: Scale::Logarithmic,
            y_scale,
            goal: None,
            series: vec![Series {
                name: "floor".to_owned(),
                style: Style { colour: 1, dashed: true },
                points: points.to_vec(),
            }],
        }
    }

    #[test]
    fn axis_ends_at_a_round_value_above_all_points() {
        let (ticks, bottom, top) = panel(Scale::Linear, &[(1.0, 300.0), (512.0, 14_048.0)]).y_axis();
        assert_eq!((bottom, top), (0.0, 15_000.0));
        assert_eq!(ticks, [0.0, 5_000.0, 10_000.0, 15_000.0]);
        let (ticks, ..) = panel(Scale::Logarithmic, &[(1.0, 0.4), (512.0, 31.0)]).y_axis();
        assert_eq!(ticks.len(), 4, "a tenth, one, ten, a hundred: {ticks:?}");
    }

    #[test]
    fn points_are_scaled_to_the_axes() {
        let svg = picture("Pushes", &[panel(Scale::Linear, &[(1.0, 0.1), (512.0, 14_600.0)])]);
        assert!(svg.contains("points=\"62.0,250.0 446.0,45.6\""), "from the corner to just below the top: {svg}");
        assert!(svg.contains("prefers-color-scheme:dark"));
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    }
}
