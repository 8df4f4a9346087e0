package model

// A mistake is a rule that a test turns round in the model, to see that the
// comparison finds it.
type mistake int

const (
	none mistake = iota
	reservedIgnored
	openOnLastDayOnly
	mergedPatientsLost
	closingEndsNoMandate
	wholeWithdrawalOnly
	ownWithdrawalLeavesRoute
	pcnMandateIgnored
	routeOutlivesMembership
	mergedMandatesEnd
	leastIsEnough
	patientsDontCount
	listsNeeded
	unknownStands
	officeLeftStays
	oneIsEnoughToAsk
	noGrace
	sleepsADayEarly
	neverAsleep
	anythingLifts
	redLinesIgnored
	interestsIgnored
	leastSpecificLine
	substitutesIgnored
	suspensionLoosens
	defaultIsDiscretion
	discretionCarriesMoney
	monthsIgnored
	laterCommitmentsDontCount
	firstPowerOnly
	decidingCommits
	dayAfterStillInForce
	calledInFrees
	itemLimitIgnored
	conditionsIgnored
	redLineBindsNoExercise
	consultationsLast
	interestedAct
	oneActsAlone
	judgedAsKnownToday
	totalsByDay
	subjectPassesRedLines
	unsaidTermsPass
	blocksIgnored
	silenceIsConsent
	standingAsideCounts
	lateSeatsDontWait
	windowADayShort
	newHolderInherits
	laterPaperIsNew
	interestsLast
	replacedBindsOn
	broaderPowersToo
	waitingIgnored
	nobodyNeedsToSit
)

// planted says, for each mistake, what the model then believes, and which rule
// that is against.
var planted = map[mistake]string{
	reservedIgnored:           "a reserved matter is like any other (D2)",
	openOnLastDayOnly:         "a practice is closed on its last day already (O1, L8)",
	mergedPatientsLost:        "a merged practice's patients are lost (O1)",
	closingEndsNoMandate:      "a mandate lives on through a closing (O1)",
	wholeWithdrawalOnly:       "a withdrawal for some matters takes nothing back (M2)",
	ownWithdrawalLeavesRoute:  "a practice's withdrawal from the group leaves its PCN route open (M3)",
	pcnMandateIgnored:         "a practice stands through its PCN though that has no mandate (M3)",
	routeOutlivesMembership:   "a practice stands through a PCN that it has left (M3)",
	mergedMandatesEnd:         "mandates through a PCN end when it merges (M3)",
	leastIsEnough:             "coverage of exactly the least is enough (F6)",
	patientsDontCount:         "coverage by patients doesn't matter (F6, M4)",
	listsNeeded:               "without list sizes coverage is below the least (M4)",
	unknownStands:             "practices stand behind the group for an unknown matter (M3)",
	officeLeftStays:           "what somebody holds outlives their office (F5)",
	oneIsEnoughToAsk:          "a power can be used though too few are left to act together (D1)",
	noGrace:                   "a power is paused as soon as its review is overdue (D3)",
	sleepsADayEarly:           "a power is paused on the last day of the grace (D3)",
	neverAsleep:               "a missed review pauses nothing (D3)",
	anythingLifts:             "a confirmation lifts a suspension whenever it was put (D8)",
	redLinesIgnored:           "a red line that the group adopted binds nobody (R2)",
	interestsIgnored:          "an interest doesn't matter (R7)",
	leastSpecificLine:         "the least specific line wins (R2)",
	substitutesIgnored:        "a substitute has no remit (R1)",
	suspensionLoosens:         "what is suspended is left out (D8)",
	defaultIsDiscretion:       "where a remit says nothing, it is discretion (R2, F6)",
	discretionCarriesMoney:    "discretion carries money (R2)",
	monthsIgnored:             "a term may be as long as you like (D4, R2)",
	laterCommitmentsDontCount: "a commitment on a later day doesn't count in the year's total (R4)",
	firstPowerOnly:            "only the first power of a delegation on the matter is looked at (D5)",
	decidingCommits:           "a power to decide carries money (D1)",
	dayAfterStillInForce:      "a delegation is in force on the day after its last (L8)",
	calledInFrees:             "calling in frees the amount (D4)",
	itemLimitIgnored:          "one item may cost as much as you like (D4)",
	conditionsIgnored:         "nobody needs to be consulted (D6)",
	redLineBindsNoExercise:    "a red line doesn't bind the executive's decisions (D5)",
	consultationsLast:         "a consultation counts for ever (D6)",
	interestedAct:             "somebody with an interest counts among those acting (D5, R7)",
	oneActsAlone:              "one person alone may act (D1)",
	judgedAsKnownToday:        "a late commitment is judged on what is known today (R4)",
	totalsByDay:               "a year's total is what was known on the meeting's day (R4)",
	subjectPassesRedLines:     "subject to the group passes a red line (R4)",
	unsaidTermsPass:           "a term that was left out doesn't matter (R4)",
	blocksIgnored:             "a block stops nothing (C3)",
	silenceIsConsent:          "silence is consent (C5)",
	standingAsideCounts:       "standing aside counts to quorum (C4)",
	lateSeatsDontWait:         "a seat that joins late has no window of its own (C6)",
	replacedBindsOn:           "a red line binds on after another position replaced it (C9)",
	interestsLast:             "an interest counts on after it was ended (R7)",
	newHolderInherits:         "a new contract holder has the mandate of the one before (O1)",
	laterPaperIsNew:           "a mandate signed before a withdrawal counts if it is recorded after it (M2)",
	nobodyNeedsToSit:          "a group none of whose seats is held answers on (F1)",
	waitingIgnored:            "what waits can't lower anything before it takes effect (O1)",
	broaderPowersToo:          "a broader power counts beside the most specific ones (D5)",
	windowADayShort:           "a window ends a day early (L8)",
}

// ofSettlement are the mistakes that show in what is agreed, and when, alone.
var ofSettlement = []mistake{blocksIgnored, silenceIsConsent, standingAsideCounts, lateSeatsDontWait, windowADayShort}
