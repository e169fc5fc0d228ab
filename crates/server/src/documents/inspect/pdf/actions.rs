//! Refuses, removes or keeps actions and forms.

use super::super::error::InspectError;
use super::rewrite::{DEPTH, Rewriter, refused};
use super::roles::{FORM, Role, refused_action};
use super::syntax::{Dictionary, Object, beyond, damaged};

impl Rewriter<'_, '_> {
    /// Returns the action to write, or `None` if it is removed. Actions that lead out of the
    /// document are removed if they need a click.
    pub(super) fn action(&mut self, role: Role, value: &Object, depth: usize) -> Result<Option<Vec<u8>>, InspectError> {
        let action = match self.file.resolve(value)? {
            Object::Dictionary(action) => action,
            Object::Null => return Ok(None),
            destination @ Object::Array(_) if role == Role::OpenAction => {
                let mut out = Vec::new();
                self.value(Role::Destination, &destination, &mut out)?;
                return Ok(Some(out));
            }
            _ => return Err(damaged("an action cannot be read")),
        };
        let kind = action.get(b"S").cloned().unwrap_or(Object::Null);
        let Object::Name(kind) = self.file.resolve(&kind)? else { return Err(damaged("an action has no type")) };
        if let Some(what) = refused_action(&kind, role == Role::OpenAction) {
            return Err(refused(what));
        }
        if let Some(next) = action.get(b"Next").cloned() {
            self.check_next(role, &next, depth)?;
        }
        let destination = action.get(b"D").filter(|_| *kind == *b"GoTo");
        let Some(destination) = destination else {
            // A signed document keeps web links. They are no riskier than addresses in its text.
            if !is_web_link(&kind, &action) {
                self.leave_out("a link that leads out of the document", value)?;
            }
            return Ok(None);
        };
        let mut out = b"<< /S /GoTo /D ".to_vec();
        self.value(Role::Destination, destination, &mut out)?;
        out.extend_from_slice(b" >>");
        Ok(Some(out))
    }

    /// Checks the actions that follow another one. They are removed.
    fn check_next(&mut self, role: Role, next: &Object, depth: usize) -> Result<(), InspectError> {
        let too_long = || beyond(&format!("has a chain of actions that is endless or has more than {DEPTH} steps"));
        let depth = depth.checked_sub(1).ok_or_else(too_long)?;
        let following = match self.file.resolve(next)? {
            Object::Array(following) => following,
            one => vec![one],
        };
        for next in following {
            self.look()?;
            self.action(role, &next, depth)?;
            self.leave_out("a chain of actions", &next)?;
        }
        Ok(())
    }

    pub(super) fn refuse_form(&mut self, value: &Object) -> Result<(), InspectError> {
        let Object::Dictionary(form) = self.file.resolve(value)? else {
            return Err(damaged("its form cannot be read"));
        };
        for (key, what) in [(&b"XFA"[..], "an active form"), (b"Fields", FORM), (b"CO", FORM)] {
            if let Some(value) = form.get(key)
                && !self.is_empty(value, DEPTH)?
            {
                return Err(refused(what));
            }
        }
        Ok(())
    }
}

fn is_web_link(kind: &[u8], action: &Dictionary) -> bool {
    let Some(Object::String(address)) = action.get(b"URI") else { return false };
    kind == b"URI" && [&b"https://"[..], b"http://", b"mailto:"].iter().any(|start| address.starts_with(start))
}
