package domain

import "strconv"

// Pence is a sum of money in integer pence.
type Pence int64

// mostPence is the largest sum that anybody here could mean: £10 billion.
const mostPence Pence = 10_000_000_000_00

// String is the sum as people write it: "£12,000", "£12,000.50".
func (p Pence) String() string {
	sign := ""
	if p < 0 {
		sign, p = "-", -p
	}
	pounds := strconv.FormatInt(int64(p/100), 10)
	for i := len(pounds) - 3; i > 0; i -= 3 {
		pounds = pounds[:i] + "," + pounds[i:]
	}
	if rest := p % 100; rest != 0 {
		return sign + "£" + pounds + "." + strconv.Itoa(int(rest/10)) + strconv.Itoa(int(rest%10))
	}
	return sign + "£" + pounds
}

func checkMoney(rule string, p Pence) *Refusal {
	if p < 0 || p > mostPence {
		return invalid(rule, "An amount is a sum between nothing and %s.", mostPence)
	}
	return nil
}

const mostMonths = 1200

func checkMonths(rule string, months int) *Refusal {
	if months < 0 || months > mostMonths {
		return invalid(rule, "A term is a number of months between none and %s.", Thousands(mostMonths))
	}
	return nil
}
