// Package lists reads the lists that people bring: the two files of "Patients
// registered at a GP practice", lists of the Organisation Data Service, and
// tables of people, seats and mandates, from a file or pasted from a spreadsheet.
//
// It takes bytes and gives typed rows, and everything that is wrong with them at
// once, by row and column, in words for whoever brought them. It keeps nothing,
// and knows no rule of a group: what the rows mean for one is asked of domain. It
// may import nothing else of api. Start reading at ReadOfficial and Official.Take,
// ReadPeople and ReadMandates.
package lists
