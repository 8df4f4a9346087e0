package web

// OrganisationChanges are the forms by which whoever keeps the register records what becomes of
// organisations, where no official list says it.
type OrganisationChanges struct {
	Keeps     bool     // whoever looks keeps the register
	Practices []Option // that can move to another PCN
}

// Forms are the forms' ids, in the order in which they stand.
func (*OrganisationChanges) Forms() []string {
	return []string{"merge", "split", "contract", "close", "mistake", "move", "rename", "new"}
}

func (*OrganisationChanges) Title() string { return "Changes of organisations" }
func (*OrganisationChanges) file() string  { return "changes" }
