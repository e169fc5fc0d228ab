// A person without a browser. The pages need only cookies, links and plain forms.
import { freshAddress } from "../../../browser/support/server.mjs";

const MOST_REDIRECTS = 10;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Decodes the entities of an HTML attribute or text. */
export function unescape(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? all;
  });
}

function attribute(tag, name) {
  const found = tag.match(new RegExp(`\\s${name}(?:="([^"]*)")?(?=[\\s>])`));
  return found ? unescape(found[1] ?? "") : undefined;
}

const plain = (html) =>
  unescape(html.replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .trim();

/** A page of a response. If the server redirects to another site, only `elsewhere` is set. */
export class Page {
  constructor(url, status, html) {
    Object.assign(this, { url, status, html });
  }

  /** Returns the text of the element with this id. */
  byId(id) {
    const found = this.html.match(new RegExp(`<(\\w+)[^>]*\\sid="${id}"[^>]*>([\\s\\S]*?)</\\1>`));
    if (!found) throw new Error(`no element ${id} on ${this.url}:\n${plain(this.html)}`);
    return plain(found[2]);
  }

  /** Returns the address of the first link that starts with `start`. */
  link(start) {
    const links = [...this.html.matchAll(/<a\b[^>]*>/g)].map(([tag]) => attribute(tag, "href") ?? "");
    const found = links.find((href) => href.startsWith(start));
    if (!found) throw new Error(`no link to ${start}... on ${this.url}:\n${plain(this.html)}`);
    return found;
  }

  /** Returns the action and the input values of the form with this button; every box is ticked. */
  form(button) {
    for (const [form] of this.html.matchAll(/<form\b[\s\S]*?<\/form>/g)) {
      const buttons = [...form.matchAll(/(<button\b[^>]*>)([\s\S]*?)<\/button>/g)];
      const pressed = buttons.find(([, , text]) => plain(text) === button);
      if (!pressed) continue;
      const inputs = [...form.matchAll(/<input\b[^>]*>/g), [pressed[1]]].map(([tag]) => tag);
      const named = inputs.filter((tag) => attribute(tag, "name") && !unpicked(tag));
      const fields = named.map((tag) => [attribute(tag, "name"), attribute(tag, "value") ?? "on"]);
      return { action: attribute(form.match(/<form\b[^>]*>/)[0], "action") ?? this.url, fields };
    }
    throw new Error(`no form with the button "${button}" on ${this.url} (${this.status}):\n${plain(this.html)}`);
  }
}

const unpicked = (tag) => attribute(tag, "type") === "radio" && attribute(tag, "checked") === undefined;

export class Person {
  #cookies = new Map();

  constructor(server) {
    Object.assign(this, { server, address: freshAddress() });
  }

  /** Opens an address, or submits a form to it, and follows redirects within the server. */
  async visit(address, fields) {
    let url = new URL(address, this.server.base);
    let body = fields && new URLSearchParams(fields);
    for (let hop = 0; hop < MOST_REDIRECTS; hop += 1) {
      const answer = await this.#ask(url, body);
      const location = answer.headers.get("location");
      if (!location) return new Page(url.href, answer.status, await answer.text());
      url = new URL(location, url);
      body = undefined;
      if (url.origin !== this.server.base)
        return Object.assign(new Page(url.href, answer.status, ""), { elsewhere: url.href });
    }
    throw new Error(`${address} leads in a circle`);
  }

  async #ask(url, body) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { cookie, ...(body && { origin: this.server.base }) };
    const answer = await fetch(url, { method: body ? "POST" : "GET", headers, body, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  /** Submits the form of a button; `fields` replaces values of its inputs. */
  async press(page, button, fields = {}) {
    const form = page.form(button);
    const kept = form.fields.filter(([name]) => !(name in fields));
    return this.visit(new URL(form.action, page.url), [...kept, ...Object.entries(fields)]);
  }

  /** Signs in by mailed code from the page for the email address; returns the next page. */
  async signIn(page) {
    const asked = await this.press(page, "Email me a code", { email: this.address });
    return this.press(asked, "Sign in", { code: await this.server.nextCode(this.address) });
  }

  /** Opens a partner's link by pasting it, as a person without scripts does. */
  async openLink(link) {
    const opened = await this.visit(new URL(link).pathname, { content: "", link });
    return opened.url.includes("/sign-in") ? this.signIn(opened) : opened;
  }
}
