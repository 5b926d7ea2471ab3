// What is said when there is no list: nothing found, everything filtered away, all partners failed, the
// link too old, no connection. Each says what happened and what can be done.

import { h, icon } from "../core/dom.js";
import { t } from "../core/i18n.js";

/** A notice in place of the list. `actions` are { label, run, primary }. */
export function notice({ kind, title, text, actions = [] }) {
  return h("section", { class: `notice notice-${kind}` },
    h("div", { class: "notice-icon" }, icon(`state-${kind}`)),
    h("h2", { tabindex: "-1" }, title),
    h("p", {}, text),
    actions.length > 0 && h("div", { class: "notice-actions" }, actions.map(({ label, run, primary }) =>
      h("button", { type: "button", class: `btn${primary ? " primary" : " quiet"}`, on: { click: run } }, label))));
}

/** The notice of a fault. */
export function faultNotice(fault, { onAgain, onRetry, onHome }) {
  const again = { label: t("state.again"), run: onAgain, primary: true };
  const retry = { label: t("state.retry"), run: onRetry, primary: true };
  const home = { label: t("state.new"), run: onHome };
  if (fault.status === 404) return notice({ kind: "expired", title: t("state.expired"), text: t("state.expired_text"), actions: [again, home] });
  if (fault.status === 400 && !fault.field?.startsWith("legs")) return notice({ kind: "expired", title: t("state.forged"), text: t("state.forged_text"), actions: [again, home] });
  if (fault.code === "offline") return notice({ kind: "offline", title: t("state.offline"), text: t("state.offline_text"), actions: [retry] });
  if (fault.status === 429 || fault.status === 503) return notice({ kind: "failed", title: t("state.busy"), text: t("state.busy_text"), actions: [retry] });
  return notice({ kind: "failed", title: t("state.failed"), text: `${t("state.failed_text")} ${fault.detail ?? ""}`.trim(), actions: [retry, home] });
}
