// Package web turns the projections' answers into pages: server-rendered HTML
// on the NHS design system's class names, that work on a phone, without script,
// with a keyboard and a screen reader, at 320 pixels and on paper.
//
// A Page is its Frame (which group, who looks at it, as of which day, as known
// when) and a Body, which is a projection's answer and what the person who looks
// may do about it. Rendering is a pure function of both: nothing here asks, decides
// or knows the time. Words are those of the rule book (domain/RULES.md) for people: "subject to the
// board", never "ad referendum"; never a percentage; colour never alone.
//
// Pages ask nothing of any other host, and have neither inline script nor inline
// style, so that a strict content security policy holds.
package web
