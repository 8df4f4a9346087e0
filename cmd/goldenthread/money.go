package main

import (
	"errors"
	"strconv"
	"strings"

	"goldenthread/domain"
)

var errPounds = errors.New("an amount is in pounds, such as 12000, 12,000 or 12000.50")

// parsePounds reads a sum as people write it: "12000", "£12,000.50".
func parsePounds(s string) (domain.Pence, error) {
	digits := strings.TrimPrefix(strings.TrimSpace(s), "£")
	pounds, pence, hasPence := strings.Cut(digits, ".")
	if strings.Contains(pounds, ",") && !grouped(pounds) {
		return 0, errPounds
	}
	whole, err := strconv.ParseInt(strings.ReplaceAll(pounds, ",", ""), 10, 54)
	if err != nil || hasPence && len(pence) != 2 {
		return 0, errPounds
	}
	rest := uint64(0)
	if hasPence {
		if rest, err = strconv.ParseUint(pence, 10, 8); err != nil {
			return 0, errPounds
		}
	}
	if strings.HasPrefix(pounds, "-") {
		return domain.Pence(whole*100 - int64(rest)), nil
	}
	return domain.Pence(whole*100 + int64(rest)), nil
}

// grouped says whether the commas stand between thousands.
func grouped(pounds string) bool {
	parts := strings.Split(strings.TrimPrefix(pounds, "-"), ",")
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return false
		}
	}
	return len(parts[0]) >= 1 && len(parts[0]) <= 3
}
