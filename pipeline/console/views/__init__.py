"""The pages: login, school, office, papers, site. Each view reads facts and renders; acts go through `drops`."""
