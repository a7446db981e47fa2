// The kinds of pages of the atlas, each with an address that shows it.
export const WIDTHS = [390, 1280, 2560];
export const LANGUAGES = ['en', 'de'];
export const SCHEMES = ['light', 'dark'];

// `status` is that of the answer, `h1` what stands in its heading (in both languages where it is a name),
// `isNameless` a page that search engines are told to leave out, so that it names no other address of itself.
export function kinds(occupied) {
	return [
		{ name: 'map', path: '/', isMap: true },
		{ name: 'port', path: '/ports/3476', h1: /^Port 3476: nppmp$/ },
		{ name: 'port-unassigned', path: '/ports/4', h1: /^Port 4: \S/ },
		{ name: 'port-reserved', path: '/ports/1023', h1: /^Port 1023: \S/ },
		{ name: 'port-zero', path: '/ports/0', h1: /^Port 0: \S/ },
		{ name: 'port-of-range', path: '/ports/6001', h1: /^Port 6001: x11$/ },
		{ name: 'port-dynamic', path: '/ports/50000', h1: /^Port 50000: \S/ },
		{ name: 'port-known', path: '/ports/5173', h1: /^Port 5173: / },
		{ name: 'port-widespread', path: '/ports/8080', h1: /^Port 8080: / },
		{ name: 'port-occupied', path: `/ports/${occupied}`, h1: new RegExp(`^Port ${occupied}: `) },
		{ name: 'service', path: '/services/ssh', h1: /ssh/ },
		{ name: 'service-missing', path: '/services/sssh', h1: /sssh/, status: 404, isNameless: true },
		{ name: 'search', path: '/search?q=http', isNameless: true },
		{ name: 'search-empty', path: '/search' },
		{ name: 'search-nothing', path: '/search?q=qqqqzzzz', isNameless: true },
		{ name: 'ranges', path: '/ranges' },
		{ name: 'here', path: '/here' },
		{ name: 'claims', path: '/claims' },
		{ name: 'error-400', path: '/ports/22?lang=xx', status: 400, h1: /400/, isNameless: true },
		{ name: 'error-403', path: '/ports/22?token=wrong', status: 403, h1: /403/, isNameless: true },
		{ name: 'error-404', path: '/ports/65536', status: 404, h1: /404/, isNameless: true },
		{ name: 'error-405', path: '/ports/22/face', status: 405, h1: /405/, isNameless: true },
	];
}

// The address of a path in a language.
export function inLanguage(path, language) {
	return language === 'de' ? `/de${path}` : path;
}

// What stands on a page in words of the language, never in names: headings, labels, buttons, navigation.
export function wordsOf(page) {
	return page.evaluate(() => [...document.querySelectorAll('h2, nav a, label, .strip .verdict, form button, .colophon p')]
		.map((element) => element.textContent.trim()).filter(Boolean));
}
