package pages

import (
	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/eventstore/evidence"
)

// proofPage says how the ledger is proved (rule L9). The log has no past: it is
// shown as it is now.
func proofPage(a *asked) (web.Body, error) {
	group := a.r.PathValue("group")
	l, err := a.server.store.Log(group)
	if err != nil {
		return nil, problem.NotFound("L9", "This server keeps no log of this group.")
	}
	held, err := a.server.ledgers.Witnesses(a.Question, &access.PlainInput{Terms: access.Terms{Group: group}})
	if err != nil {
		return nil, err
	}
	signed, err := a.server.store.Checkpoint(group)
	if err != nil {
		return nil, err
	}
	tree := l.Tree()
	body := &web.Proof{Origin: l.Origin(), Events: tree.N, Root: tree.Hash.String(), Keys: l.VKeys(), Checkpoint: string(signed), Witnessed: held.Witnessed, Verifier: evidence.VerifierSHA256()}
	for _, w := range held.Witnesses {
		body.Witnesses = append(body.Witnesses, web.WitnessLag{Name: w.Name, Cosigned: w.Cosigned, Behind: max(tree.N-w.Cosigned, 0), Since: w.Since, Trouble: w.Trouble})
	}
	return body, nil
}
