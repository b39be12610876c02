//! Where the mutants of a file lie: its operators, bodies, arms and fields, found by line and column.

use std::collections::HashMap;
use std::ops::Range;

use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Line from 1 and column in characters from 1, as `cargo mutants` counts them.
pub type Place = (usize, usize);

/// What is replaced at a site, by ranges of bytes.
pub enum Kind {
    /// `left op right`, for which the operands are evaluated once.
    Arithmetic {
        left: Range<usize>,
        right: Range<usize>,
        op: String,
    },
    /// The same by reference, but in a `const fn`, which compares nothing but numbers.
    Comparison {
        left: Range<usize>,
        right: Range<usize>,
        op: String,
        by_value: bool,
    },
    /// `&&` and `||`, for which the right operand may not be evaluated.
    Lazy {
        left: Range<usize>,
        right: Range<usize>,
        op: String,
    },
    /// `left op= right`.
    Assign {
        left: Range<usize>,
        right: Range<usize>,
        op: String,
    },
    /// `-x` and `!x`.
    Unary {
        operand: Range<usize>,
        op: String,
    },
    /// Before the first statement of a function.
    Body,
    /// The pattern of an arm, after which comes a guard; none yet where that is `None`.
    Arm {
        guard: Option<Range<usize>>,
    },
    Guard,
    /// A field in front of a base; the value is `None` in `S { field, ..base }`.
    Field {
        name: String,
        value: Option<Range<usize>>,
        base: Range<usize>,
    },
    /// `const` of a block with mutants: a condition that the compiler would evaluate.
    Const,
}

pub struct Site {
    pub range: Range<usize>,
    pub kind: Kind,
    /// Indices in the list of mutants; the number at run time is one more than the place here.
    pub mutants: Vec<usize>,
}

/// Walks a file, given which mutants begin where.
pub struct Finder<'a> {
    pub source: &'a str,
    pub at: HashMap<Place, Vec<usize>>,
    pub sites: Vec<Site>,
    /// Mutants that are evaluated by the compiler.
    pub in_const: Vec<usize>,
    constants: usize,
    in_const_fn: bool,
}

fn place(at: LineColumn) -> Place {
    (at.line, at.column + 1)
}

fn range(part: &impl Spanned) -> Range<usize> {
    part.span().byte_range()
}

fn has_let(condition: &syn::Expr) -> bool {
    match condition {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(both) => has_let(&both.left) || has_let(&both.right),
        _ => false,
    }
}

impl<'a> Finder<'a> {
    pub fn new(source: &'a str, at: HashMap<Place, Vec<usize>>) -> Self {
        Self { source, at, sites: Vec::new(), in_const: Vec::new(), constants: 0, in_const_fn: false }
    }

    fn add(&mut self, at: LineColumn, range: Range<usize>, kind: Kind) {
        let Some(mutants) = self.at.remove(&place(at)) else { return };
        if self.constants > 0 {
            self.in_const.extend(mutants);
        } else {
            self.sites.push(Site { range, kind, mutants });
        }
    }

    fn constant(&mut self, walk: impl FnOnce(&mut Self)) {
        self.constants += 1;
        walk(self);
        self.constants -= 1;
    }

    fn function(&mut self, sig: &syn::Signature, block: &syn::Block, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.in_const_fn, sig.constness.is_some());
        let opaque = self.source[range(&sig.output)].contains("impl ");
        if let Some(first) = block.stmts.first().filter(|_| !opaque) {
            let start = range(first).start;
            self.add(first.span().start(), start..start, Kind::Body);
        }
        walk(self);
        self.in_const_fn = outer;
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr_binary(&mut self, both: &'ast syn::ExprBinary) {
        use syn::BinOp as B;
        let (left, right) = (range(&both.left), range(&both.right));
        let op = self.source[range(&both.op)].to_string();
        let kind = match both.op {
            B::And(_) | B::Or(_) => Kind::Lazy { left, right, op },
            B::Eq(_) | B::Ne(_) | B::Lt(_) | B::Le(_) | B::Gt(_) | B::Ge(_) => {
                Kind::Comparison { left, right, op, by_value: self.in_const_fn }
            }
            _ if op.ends_with('=') => Kind::Assign { left, right, op },
            _ => Kind::Arithmetic { left, right, op },
        };
        if !(has_let(&both.left) || has_let(&both.right)) {
            self.add(both.op.span().start(), range(both), kind);
        }
        visit::visit_expr_binary(self, both);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        let kind = Kind::Unary { operand: range(&unary.expr), op: self.source[range(&unary.op)].to_string() };
        self.add(unary.op.span().start(), range(unary), kind);
        visit::visit_expr_unary(self, unary);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let guard = arm.guard.as_ref().map(|(_, guard)| range(guard));
        let place = guard.clone().unwrap_or_else(|| range(&arm.pat).end..range(&arm.pat).end);
        self.add(arm.span().start(), place, Kind::Arm { guard });
        if let Some((_, guard)) = &arm.guard {
            self.add(guard.span().start(), range(guard), Kind::Guard);
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, whole: &'ast syn::ExprStruct) {
        if let Some(base) = &whole.rest {
            for field in &whole.fields {
                let name = self.source[range(&field.member)].to_string();
                let value = field.colon_token.map(|_| range(&field.expr));
                self.add(field.span().start(), range(field), Kind::Field { name, value, base: range(base) });
            }
        }
        visit::visit_expr_struct(self, whole);
    }

    fn visit_item_fn(&mut self, f: &'ast syn::ItemFn) {
        self.function(&f.sig, &f.block, |this| visit::visit_item_fn(this, f));
    }

    fn visit_impl_item_fn(&mut self, f: &'ast syn::ImplItemFn) {
        self.function(&f.sig, &f.block, |this| visit::visit_impl_item_fn(this, f));
    }

    fn visit_trait_item_fn(&mut self, f: &'ast syn::TraitItemFn) {
        if let Some(block) = &f.default {
            self.function(&f.sig, block, |this| visit::visit_trait_item_fn(this, f));
        }
    }

    fn visit_item_const(&mut self, c: &'ast syn::ItemConst) {
        self.constant(|this| visit::visit_item_const(this, c));
    }

    fn visit_item_static(&mut self, c: &'ast syn::ItemStatic) {
        self.constant(|this| visit::visit_item_static(this, c));
    }

    fn visit_impl_item_const(&mut self, c: &'ast syn::ImplItemConst) {
        self.constant(|this| visit::visit_impl_item_const(this, c));
    }

    fn visit_trait_item_const(&mut self, c: &'ast syn::TraitItemConst) {
        self.constant(|this| visit::visit_trait_item_const(this, c));
    }

    fn visit_expr_const(&mut self, c: &'ast syn::ExprConst) {
        let before = self.sites.len();
        visit::visit_expr_const(self, c);
        if self.sites.len() > before {
            self.sites.push(Site { range: range(&c.const_token), kind: Kind::Const, mutants: Vec::new() });
        }
    }

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
        self.constant(|this| this.visit_expr(&repeat.len));
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.constant(|this| visit::visit_variant(this, variant));
    }

    fn visit_type(&mut self, ty: &'ast syn::Type) {
        self.constant(|this| visit::visit_type(this, ty));
    }

    fn visit_generic_argument(&mut self, argument: &'ast syn::GenericArgument) {
        self.constant(|this| visit::visit_generic_argument(this, argument));
    }
}
