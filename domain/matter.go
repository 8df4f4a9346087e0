package domain

import (
	"slices"
	"strings"
)

// A matter is what a decision is about: a path such as
// "access/extended-hours". A path takes in everything below it.

// alwaysReserved are the matters that no charter can release (rule D2).
var alwaysReserved = []string{"charter", "membership", "delegation"}

// Within says whether matter is path or lies below it.
func Within(matter, path string) bool {
	return matter == path || (len(matter) > len(path) && matter[len(path)] == '/' && strings.HasPrefix(matter, path))
}

// withinAny says whether the matter is, or lies below, one of the paths.
func withinAny(matter string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return Within(matter, p) })
}

// checkMatter refuses what has not the shape of a matter: lower-case words
// joined by hyphens, levels by slashes.
func checkMatter(rule, matter string) *Refusal {
	if len(matter) == 0 || len(matter) > 120 {
		return invalid(rule, "Name the matter as a short path, such as access/extended-hours.")
	}
	for _, level := range strings.Split(matter, "/") {
		if level == "" || strings.Trim(level, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return invalid(rule, "%q is not a matter; write it as a path such as access/extended-hours.", Clip(matter))
		}
	}
	return nil
}

// Knows says whether the charter lists the matter, or one above it, or
// reserves it (rule F6).
func (c *Charter) Knows(matter string) bool {
	return withinAny(matter, c.Matters) || c.Reserves(matter)
}

// Reserves says whether the matter can't be delegated (rules D2, F6).
func (c *Charter) Reserves(matter string) bool {
	return withinAny(matter, c.Reserved) || withinAny(matter, alwaysReserved)
}

// checkKnown refuses an unknown matter (rule F6).
func (c *Charter) checkKnown(matter string) *Refusal {
	if r := checkMatter("F6", matter); r != nil {
		return r
	}
	if !c.Knows(matter) {
		return invalid("F6", "%q is not on the charter's list of matters. The list is: %s.", matter, strings.Join(c.Matters, ", "))
	}
	return nil
}

func (c *Charter) checkAllKnown(matters []string) *Refusal {
	if len(matters) > 200 {
		return invalid("F6", "That is more than 200 matters; name those above them instead.")
	}
	for _, m := range matters {
		if r := c.checkKnown(m); r != nil {
			return r
		}
	}
	return nil
}
