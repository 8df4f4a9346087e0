package doctor

import (
	"context"

	"goldenthread/domain"
)

// checkDocuments reads every document that the ledgers name and that is to be here.
func checkDocuments(ctx context.Context, in *Installation) []Check {
	if closed := in.closed(); closed != nil {
		return closed
	}
	if in.LostDocuments == nil {
		return []Check{unknown("The documents can't be seen from here.")}
	}
	var all []Check
	for _, group := range in.Store.Groups() {
		state, err := in.Store.State(ctx, group)
		if err != nil {
			continue // it is said among the ledgers
		}
		lost, err := in.LostDocuments(ctx, group, state.Documents)
		switch {
		case err != nil:
			all = append(all, wrong("Look at the server's log.", "The documents of %s can't be read: %v.", group, err))
		case len(lost) > 0:
			all = append(all, wrong("Have somebody who has the file choose it again on the page of documents, or restore the newest backup. The ledger says which bytes are the right ones.",
				"Missing or damaged here: %s of %s. The first is the one that event %d names.", domain.Count(len(lost), "document"), group, lost[0].Index))
		}
	}
	if all == nil {
		all = append(all, well("Every document that the ledgers name, and that was brought here, is as it was attached."))
	}
	return all
}
