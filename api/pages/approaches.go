package pages

import (
	"slices"

	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Approaches: what the system asked for, through whom, and its one answer
// (rules A1–A4).

var approachForms = map[string]reading{
	"record-approach": func(f *filling) domain.Command {
		return &domain.RecordApproach{
			From: f.words("from"), What: f.words("what"), Matter: f.words("matter"), Reached: f.words("reached"), How: f.words("how"), On: f.day("on"), Told: f.told(),
		}
	},
	"redirect-approach": func(f *filling) domain.Command {
		return &domain.RedirectApproach{Approach: f.words("approach"), To: f.words("to"), Words: f.words("words")}
	},
	"dispose-of-approach": func(f *filling) domain.Command {
		return &domain.DisposeOfApproach{
			Approach: f.words("approach"), Disposition: domain.Disposition(f.words("disposition")), Appointment: f.words("appointment"), Words: f.words("words"),
		}
	},
	"answer-approach": func(f *filling) domain.Command {
		return &domain.AnswerApproach{Approach: f.words("approach"), On: f.day("on"), Saying: domain.Saying{Reply: domain.Reply(f.words("reply")), Words: f.words("words")}}
	},
	"link-approaches": func(f *filling) domain.Command {
		return &domain.LinkApproaches{Approach: f.words("approach"), With: f.words("with"), Apart: f.ticked("apart"), Words: f.words("words")}
	},
	"report-side-conversation": func(f *filling) domain.Command {
		return &domain.ReportSideConversation{With: f.words("with"), Who: f.words("who"), What: f.words("what"), Matter: f.words("matter"), On: f.day("on"), Told: f.told()}
	},
}

// told is what the system was told there and then; nil if nothing was.
func (f *filling) told() *domain.Saying {
	said := domain.Saying{Reply: domain.Reply(f.words("told")), Words: f.words("toldWords")}
	if said == (domain.Saying{}) {
		return nil
	}
	return &said
}

func approachesPage(a *asked) (web.Body, error) {
	body := &web.Approaches{Approaches: a.Approaches(a.At), Redirects: map[string]bool{}, Answers: map[string]bool{}}
	if body.Members = a.may(&domain.RecordApproach{}); !body.Members {
		return body, nil
	}
	body.Gatekeeps, body.Links = a.may(&domain.DisposeOfApproach{}), a.may(&domain.LinkApproaches{})
	for _, l := range body.Approaches.Approaches {
		body.Redirects[l.Ref] = l.State == "to be redirected" && a.may(&domain.RedirectApproach{Approach: l.Ref})
		body.Answers[l.Ref] = l.State == "disposed" && a.may(&domain.AnswerApproach{Approach: l.Ref})
		body.All = append(body.All, web.Option{Value: l.Ref, Words: l.Ref + ": " + problem.Clip(l.What)})
	}
	for _, s := range body.Side {
		body.All = append(body.All, web.Option{Value: s.Ref, Words: s.Ref + ": " + problem.Clip(s.What)})
	}
	for _, w := range body.Approaches.Gatekeepers {
		body.Gate = append(body.Gate, web.Option{Value: w.Handle, Words: w.Office})
	}
	for _, r := range a.Representation(a.At).Appointments {
		if r.State == domain.InForce {
			body.Appointments = append(body.Appointments, web.Option{Value: r.Ref, Words: r.Person.Office + " at " + r.ForumName})
		}
	}
	body.System, body.Ours = a.parties()
	body.People, body.Matters = web.PeopleOptions(a.People(a.At).People), a.matters()
	return body, nil
}

// parties are the open organisations: those of the system, that ask, and ours.
func (a *asked) parties() (system, ours []web.Option) {
	for _, o := range a.Register(a.At).Organisations {
		one := web.Option{Value: o.Code, Words: o.Name}
		switch {
		case !o.Open || o.Kind == domain.PlaceKind:
		case slices.Contains([]domain.OrganisationKind{domain.SystemBody, domain.Provider, domain.PrimaryCare}, o.Kind):
			system = append(system, one)
		default:
			ours = append(ours, one)
		}
	}
	return system, ours
}
