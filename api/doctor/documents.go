package doctor

import (
	"context"
	"strings"

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
			all = append(all, unknown("The documents of %s were not looked at, since its ledger can't be read.", group))
			continue
		}
		lost, err := in.LostDocuments(ctx, group, state.Documents)
		switch {
		case err != nil:
			all = append(all, wrong("Look again in a moment. If this stays, look at the server's log.", "The documents of %s can't be read: %s.", group, strings.TrimSuffix(err.Error(), ".")))
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
