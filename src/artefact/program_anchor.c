#include "artefact/program.h"

/* Roots of code signing that Windows has by itself, and Microsoft's own issuers. SHA-1, upper case. */
static const char *const anchors[] = {
	"CDD4EEAE6000AC7F40C3802C171E30148030C072",	/* Microsoft Root Certificate Authority */
	"3B1EFD3A66EA28B16697394703A72CA340A05BD5",	/* Microsoft Root Certificate Authority 2010 */
	"8F43288AD272F3103B6FB1428485EA3014C0BCFE",	/* Microsoft Root Certificate Authority 2011 */
	"A43489159A520F0D93D032CCAF37E7FE20A8B419",	/* Microsoft Root Authority */
	"580A6F4CC4E4B669B9EBDC1B2B3E087B80D0678D",	/* Microsoft Windows Production PCA 2011 */
	"F252E794FE438E35ACE6E53762C0A234A2C52135",	/* Microsoft Code Signing PCA 2011 */
	"0563B8630D62D75ABBC8AB1E4BDFB5A899B24D43",	/* DigiCert Assured ID Root CA */
	"DDFB16CD4931C973A2037D3FC83A4D7D775D05E4",	/* DigiCert Trusted Root G4 */
	"5FB7EE0633E259DBAD0C4C9AE6D38F1A61C7DC25",	/* DigiCert High Assurance EV Root CA */
	"4EB6D578499B1CCF5F581EAD56BE3D9B6744A5E5",	/* VeriSign Class 3 Public Primary G5 */
};

bool program_is_anchor(struct span thumbprint)
{
	for (size_t i = 0; i < sizeof anchors / sizeof *anchors; i++)
		if (span_eq_nocase(thumbprint, span_text(anchors[i])))
			return true;
	return false;
}

bool program_is_anchored(const struct signature *s)
{
	const struct certificate *c = s->chain.list;

	if (!s->verified || !s->chain.count || !c->signs_code)
		return false;
	for (size_t i = 0; i < s->chain.count; i++) {
		if (program_is_anchor(c[i].thumbprint))
			return true;
		if (!c[i].is_issued)
			return false;
	}
	return false;
}
