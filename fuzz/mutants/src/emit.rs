//! The text of a file with a switch at every site.

use std::ops::Range;

use crate::sites::{Kind, Site};

/// Which part of the text an error of the compiler is to be laid to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    Mutant(usize),
    /// The number of the site at run time.
    Site(usize),
}

pub struct Emitter<'a> {
    pub source: &'a str,
    /// Sorted by `sort`.
    pub sites: &'a [Site],
    /// The number at run time of the first of them.
    pub first: usize,
    pub replacement: &'a dyn Fn(usize) -> &'a str,
    pub out: String,
    pub owners: Vec<(Range<usize>, Owner)>,
}

/// Outer sites before inner ones, and what is put in front of an expression before it.
pub fn sort(sites: &mut [Site]) {
    sites.sort_by_key(|site| {
        let Range { start, end } = site.range;
        (start, start != end, usize::MAX - end)
    });
}

impl Emitter<'_> {
    /// The part of the source with the sites from `next` on that lie in it.
    pub fn text(&mut self, part: Range<usize>, next: usize) {
        let mut at = part.start;
        for (i, site) in self.sites.iter().enumerate().skip(next) {
            if site.range.start >= at && site.range.end <= part.end {
                self.out.push_str(&self.source[at..site.range.start]);
                at = site.range.end;
                self.site(i);
            }
        }
        self.out.push_str(&self.source[at..part.end]);
    }

    fn site(&mut self, i: usize) {
        let site = &self.sites[i];
        let start = self.out.len();
        match &site.kind {
            Kind::Arithmetic { left, right, op } => {
                self.operands(i, "(match (", left, ", ", right, ") { (l__, r__) => ");
                self.choice(i, |with| format!("l__ {with} r__"), &format!("l__ {op} r__"));
                self.out.push_str(" })");
            }
            Kind::Comparison { left, right, op, by_value } => {
                let (before, between) = if *by_value { ("(match ((", "), (") } else { ("(match (&(", "), &(") };
                self.operands(i, before, left, between, right, ")) { (l__, r__) => ");
                self.choice(i, |with| format!("l__ {with} r__"), &format!("l__ {op} r__"));
                self.out.push_str(" })");
            }
            Kind::Assign { left, right, op } => {
                self.operands(i, "(match (", right, ", &mut (", left, ")) { (r__, l__) => ");
                self.choice(i, |with| format!("*l__ {with} r__"), &format!("*l__ {op} r__"));
                self.out.push_str(" })");
            }
            Kind::Lazy { left, right, op } => {
                let negated = if op == "&&" { "" } else { "!" };
                let choice = format!(") {{ l__ => if {negated}l__ != (::switch::at({}) == 1) {{ ", self.first + i);
                self.operands(i, "(match (", left, &choice, right, " } else { l__ } })");
            }
            Kind::Unary { operand, op } => {
                self.operands(i, "(match (", operand, ",", &(0..0), ") { (l__,) => ");
                self.choice(i, |_| "l__".into(), &format!("{op}l__"));
                self.out.push_str(" })");
            }
            Kind::Body => {
                self.choice(i, |with| format!("return {with}"), "{}");
                self.out.push(' ');
            }
            Kind::Arm { guard } => {
                let is_on = format!("::switch::at({}) == 0", self.first + i);
                match guard {
                    Some(guard) => self.operands(i, "(", guard, ") && ", &(0..0), &is_on),
                    None => self.out.push_str(&format!(" if {is_on}")),
                }
            }
            Kind::Const => {}
            Kind::Guard => self.kept(i, str::to_string, &site.range),
            Kind::Field { name, value, base } => {
                let base = self.source[base.clone()].to_string();
                self.out.push_str(&format!("{name}: "));
                match value {
                    Some(value) => self.kept(i, |_| format!("({base}).{name}"), value),
                    None => self.choice(i, |_| format!("({base}).{name}"), name),
                }
            }
        }
        self.owners.push((start..self.out.len(), Owner::Site(self.first + i)));
    }

    fn operands(
        &mut self,
        i: usize,
        before: &str,
        one: &Range<usize>,
        between: &str,
        other: &Range<usize>,
        after: &str,
    ) {
        self.out.push_str(before);
        self.text(one.clone(), i + 1);
        self.out.push_str(between);
        self.text(other.clone(), i + 1);
        self.out.push_str(after);
    }

    /// One text of each mutant, of its replacement, and that of none.
    fn choice(&mut self, i: usize, with: impl Fn(&str) -> String, written: &str) {
        self.alternatives(i, with);
        self.out.push_str(&format!("_ => {written} }}"));
    }

    fn alternatives(&mut self, i: usize, with: impl Fn(&str) -> String) {
        self.out.push_str(&format!("match ::switch::at({}) {{ ", self.first + i));
        for (number, &mutant) in self.sites[i].mutants.iter().enumerate() {
            self.out.push_str(&format!("{} => ", number + 1));
            let start = self.out.len();
            self.out.push_str(&with((self.replacement)(mutant)));
            self.owners.push((start..self.out.len(), Owner::Mutant(mutant)));
            self.out.push_str(", ");
        }
    }

    /// The same where what was written has sites in itself.
    fn kept(&mut self, i: usize, with: impl Fn(&str) -> String, written: &Range<usize>) {
        self.alternatives(i, with);
        self.out.push_str("_ => ");
        self.text(written.clone(), i + 1);
        self.out.push_str(" }");
    }
}
