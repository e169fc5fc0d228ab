//! The shared page as a PDF: the same facts as a list, and the link to verify them.

use credential::Block;

use super::view::SharedPage;
use crate::i18n::Text;
use crate::web::career::{CareerView, span};
use crate::web::pdf::{self, Frame, Piece};

impl SharedPage {
    /// Renders the PDF. It does not contain the checks: a printed "checked" proves nothing.
    pub(super) fn to_pdf(&self) -> Result<Vec<u8>, String> {
        let text = &self.layout.text;
        let title = text.with("pdf-title", &[("name", self.name())]);
        let fact = |label: &str, value: &str| Piece::Line(fact(text, label, value));
        let mut pieces = vec![Piece::Title(title.clone())];
        if !self.purpose.is_empty() {
            pieces.push(fact(&text.of("hire-purpose"), &self.purpose));
        }
        pieces.push(fact(&text.of("hire-shared"), &text.moment(&self.share.created_at)));
        for shown in &self.credentials {
            pieces.push(fact(shown.title, &shown.attested(text)));
        }
        if let Some(view) = &self.career {
            pieces.push(Piece::Heading(text.of("hire-career")));
            career(view, text, &mut pieces);
        }
        for shown in &self.credentials {
            let lines: Vec<String> = shown.view.iter().flat_map(|block| lines(block, text)).collect();
            if !lines.is_empty() {
                let title = [("title", shown.title), ("partner", shown.attester.as_str())];
                pieces.push(Piece::Heading(text.with("credential-from", &title)));
                pieces.extend(lines.into_iter().map(Piece::Line));
            }
        }
        pieces.push(Piece::Heading(text.of("pdf-check")));
        let until = text.moment(&self.share.expires_at);
        pieces.push(Piece::Line(text.with("pdf-check-help", &[("moment", &until)])));
        pieces.push(Piece::Link(self.link.clone(), text.of("qr-link")));
        let number =
            |page: usize, of: usize| text.with("pdf-page", &[("page", &page.to_string()), ("of", &of.to_string())]);
        let (language, missing) = (text.language(), text.of("pdf-missing"));
        let frame = Frame { title: &title, language: &language, missing: &missing, number: &number };
        pdf::write(&frame, &pieces)
    }
}

fn fact(text: &Text, label: &str, value: &str) -> String {
    text.with("pdf-fact", &[("label", label), ("value", value)])
}

fn career(view: &CareerView, text: &Text, pieces: &mut Vec<Piece>) {
    let total = text.duration(view.career.total_months);
    pieces.push(Piece::Line(text.with("career-total", &[("duration", &total)])));
    for difference in &view.differences {
        pieces.push(Piece::Entry(difference.sentence.clone(), difference.said.clone()));
    }
    for job in view.career.jobs.iter().rev() {
        let known = text.month(job.employment.last_processed_month);
        let attested = text.with("job-attested", &[("partner", &job.attester), ("month", &known)]);
        let span = format!("{} · {}", span(text, job), text.duration(job.months()));
        let lines = vec![job.employment.organisation.clone(), span, attested];
        pieces.push(Piece::Entry(job.employment.role().to_owned(), lines));
    }
    for gap in view.career.gaps.iter().rev() {
        let (duration, start) = (text.duration(gap.months), text.month(gap.start));
        pieces.push(Piece::Soft(text.with("career-gap", &[("duration", &duration), ("start", &start)])));
    }
}

/// A block in lines. Careers are left out: they are merged into one above.
fn lines(block: &Block, text: &Text) -> Vec<String> {
    match block {
        Block::Facts(facts) => facts.iter().map(|(label, value)| fact(text, label, &text.datum(value))).collect(),
        Block::Sentences(sentences) => sentences.clone(),
        Block::Table { caption, columns, rows } => {
            let row = |row: &Vec<credential::Datum>| {
                let cells = columns.iter().zip(row).map(|(column, cell)| fact(text, column, &text.datum(cell)));
                cells.collect::<Vec<_>>().join(" · ")
            };
            std::iter::once((*caption).to_owned()).chain(rows.iter().map(row)).collect()
        }
        Block::Scale { bars, .. } => bars.iter().map(|(label, value)| fact(text, label, value)).collect(),
        Block::Career(_) => Vec::new(),
    }
}
