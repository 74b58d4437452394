
"use strict";
(() => {
  const methods = ["get", "post", "put", "patch", "delete"];
  const place = (id) => document.getElementById(id);
  let api = {};

  // All that comes from the document becomes text, never markup.
  const make = (name, content, attributes = {}) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...[content].flat().filter((part) => part !== undefined && part !== ""));
    return element;
  };
  const note = (text) => text ? make("p", text, { class: "note" }) : "";

  // What a local reference points to.
  const resolved = (value) => {
    if (!value || typeof value.$ref !== "string") return value || {};
    const parts = value.$ref.replace(/^#\//, "").split("/");
    return parts.reduce((at, part) => at?.[part], api) ?? {};
  };
  const nameOf = (value) => value.$ref?.split("/").pop();

  const typeOf = (schema) => {
    if (!schema) return "";
    if (schema.$ref) return nameOf(schema);
    if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
    if (schema.enum) return schema.enum.join(", ");
    if (schema.type === "array") return `list of ${typeOf(schema.items)}`;
    return [schema.type ?? "any JSON", schema.format && `(${schema.format})`].filter(Boolean).join(" ");
  };

  const table = (caption, heads, rows) => make("table", [
    make("caption", caption),
    make("thead", make("tr", heads.map((head) => make("th", head, { scope: "col" })))),
    make("tbody", rows.map(([head, ...cells]) => make("tr", [
      make("th", make("code", head), { scope: "row" }),
      ...cells.map((cell) => make("td", cell)),
    ]))),
  ]);

  // A part that is made when it is first opened: there are thousands.
  const lazy = (summary, fill) => {
    const details = make("details", make("summary", summary));
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) details.append(...fill());
    });
    return details;
  };

  // The schemas that stand in a schema itself, not those in their turn.
  const named = (schema) => {
    if (!schema || typeof schema !== "object") return [];
    if (schema.$ref) return [schema];
    return [...(schema.anyOf ?? []), schema.items].filter(Boolean).flatMap(named);
  };

  const showSchema = (schema) => {
    const shown = [];
    const target = resolved(schema);
    if (target.description) shown.push(note(target.description));
    if (target.enum) shown.push(make("p", make("code", target.enum.join(", "))));
    const members = Object.entries(target.properties ?? {});
    if (members.length) {
      const required = new Set(target.required ?? []);
      shown.push(table("Members", ["Name", "Type", "Required", "Meaning"], members.map(([name, member]) => [
        name, make("code", typeOf(member)), required.has(name) ? "yes" : "", member.description ?? "",
      ])));
      const further = new Map(members.flatMap(([, member]) => named(member)).map((one) => [one.$ref, one]));
      for (const one of further.values()) shown.push(lazy(nameOf(one), () => showSchema(one)));
    }
    if (!members.length && !target.enum) {
      shown.push(make("p", make("code", typeOf(target))));
      for (const one of named(target)) shown.push(lazy(nameOf(one), () => showSchema(one)));
    }
    if (target.examples) shown.push(make("pre", JSON.stringify(target.examples[0], null, 2)));
    return shown;
  };

  const showContent = (content) => Object.entries(content ?? {}).flatMap(([type, { schema }]) =>
    [make("p", [make("code", type), ": ", make("code", typeOf(schema))]),
     ...named(schema).map((one) => lazy(nameOf(one), () => showSchema(one))),
     ...(schema?.properties ? showSchema(schema) : [])]);

  const showOperation = (item, operation) => {
    const shown = [note(operation.description), make("p", ["Name: ", make("code", operation.operationId)])];
    const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolved);
    if (parameters.length) {
      shown.push(table("Parameters", ["Name", "In", "Type", "Required", "Meaning"], parameters.map((one) => {
        const schema = one.schema ?? one.content?.["application/json"]?.schema;
        const type = schema?.$ref ? typeOf(resolved(schema)) : schema?.items?.$ref
          ? `list of ${typeOf(resolved(schema.items))}` : typeOf(schema);
        return [one.name, one.in, type, one.required ? "yes" : "", one.description ?? ""];
      })));
    }
    if (operation.requestBody) {
      const body = resolved(operation.requestBody);
      shown.push(make("h3", "Body"), note(body.description), ...showContent(body.content));
    }
    shown.push(make("h3", "Answers"));
    for (const [status, given] of Object.entries(operation.responses)) {
      const response = resolved(given);
      shown.push(lazy(`${status}: ${response.description}`, () => {
        const headers = Object.keys(response.headers ?? {});
        return [headers.length ? make("p", ["Header fields: ", make("code", headers.join(", "))]) : "",
          ...showContent(response.content)].filter(Boolean);
      }));
    }
    return shown.filter(Boolean);
  };

  const show = () => {
    const { info } = api;
    place("about").textContent = `${info.title} ${info.version}. ${info.summary ?? ""}`;
    const groups = new Map(api.tags.map((tag) => [tag.name, []]));
    const all = [];
    for (const [path, item] of Object.entries(api.paths)) {
      for (const method of methods.filter((method) => item[method])) {
        const operation = item[method];
        const element = lazy([make("span", method.toUpperCase(), { class: "method" }), " ",
          make("code", path), " ", operation.summary ?? ""], () => showOperation(item, operation));
        const text = [method, path, operation.operationId, operation.summary, operation.description];
        all.push({ element, text: text.filter(Boolean).join(" ").toLowerCase() });
        groups.get(operation.tags[0])?.push(element);
      }
    }
    const parts = [...groups].filter(([, elements]) => elements.length).map(([name, elements]) =>
      make("details", [make("summary", `${name} (${elements.length})`), ...elements]));
    place("operations").replaceChildren(...parts);
    const said = (count) => { place("status").textContent = `${count} operations`; };
    place("find").hidden = false;
    said(all.length);

    let waiting;
    const find = () => {
      const words = place("search").value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const { element, text } of all) {
        element.hidden = !words.every((word) => text.includes(word));
        count += element.hidden ? 0 : 1;
      }
      for (const part of parts) {
        const found = [...part.children].slice(1).some((element) => !element.hidden);
        part.hidden = !found;
        part.open = words.length > 0 && found;
      }
      said(count);
    };
    place("search").addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(find, 150);
    });
    place("find").addEventListener("submit", (event) => event.preventDefault());
  };

  const load = async (key) => {
    const status = place("status");
    status.textContent = "Loading…";
    try {
      const headers = key ? { "X-API-Key": key } : {};
      const response = await fetch("openapi.json", { headers, credentials: "omit" });
      if (response.status === 401) {
        status.textContent = key ? "The gateway does not take this key." : "The gateway asks for an API key.";
        place("entry").hidden = false;
        place("key").focus();
        return;
      }
      if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
      api = await response.json();
      place("entry").hidden = true;
      place("key").value = "";
      show();
    } catch (error) {
      status.textContent = `The operations cannot be shown: ${error.message}`;
    }
  };

  place("entry").addEventListener("submit", (event) => {
    event.preventDefault();
    // A header field holds no others; the browser would refuse it with a stranger message.
    load(place("key").value.trim().replace(/[^\x21-\x7e]/g, ""));
  });
  load("");
})();
