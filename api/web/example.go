package web

// Example is where the example place answers, and who can sign in there.
type Example struct {
	Address string
	People  []ExamplePerson
}

// An ExamplePerson is somebody of the example place, with the token that signs them in there.
type ExamplePerson struct{ Office, Group, Token string }

func (*Example) Title() string { return "The example" }
func (*Example) file() string  { return "example" }
