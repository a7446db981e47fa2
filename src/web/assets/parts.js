// Parts of a page that are fetched again: each element with an id replaces the one of its id, if it
// differs. Only this origin is asked, what comes is parsed as HTML that runs nothing, and scripts in
// it would not be run.

// The parts of a fetched text. A <template> takes rows of a table, too.
export function parse(text) {
	const template = document.createElement('template');
	template.innerHTML = text;
	for (const script of template.content.querySelectorAll('script'))
		script.remove();
	return [...template.content.children].filter(part => part.id);
}

// Put parts into their places. Returns those that changed. Focus inside a part finds its way back by
// id or by the address of a link; an open <details> stays open.
export function place(parts) {
	const changed = [];
	for (const part of parts) {
		const old = document.getElementById(part.id);
		if (!old || old.isEqualNode(part))
			continue;
		const active = old.contains(document.activeElement) ? document.activeElement : null;
		const open = [...old.querySelectorAll('details[open]')].map(one => one.id).filter(Boolean);
		old.replaceWith(part);
		for (const id of open)
			part.querySelector(`#${CSS.escape(id)}`)?.setAttribute('open', '');
		if (active)
			refocus(part, active);
		changed.push(part);
	}
	return changed;
}

function refocus(part, active) {
	const same = active.id ? document.getElementById(active.id)
		: [...part.querySelectorAll(active.localName)]
			.find(one => one.getAttribute('href') === active.getAttribute('href') &&
				one.textContent === active.textContent);
	same?.focus({ preventScroll: true });
}

// Fetch and place, if it is still wanted when it comes. Returns the parts that changed; null when
// nothing could be had.
export async function refetch(url, isWanted = () => true) {
	const target = new URL(url, location.href);
	if (target.origin !== location.origin)
		return null;
	try {
		const answer = await fetch(target, { headers: { Accept: 'text/html' } });
		const text = await answer.text();
		if (!isWanted())
			return [];
		return answer.ok ? place(parse(text)) : null;
	} catch {
		return null;
	}
}

// Call `tick` when an event says that something changed, every `everyMs` (0 = never) besides, and
// when the page is looked at again; never while it is hidden, and never twice at once.
export function follow(url, everyMs, tick) {
	let source = null, timer = 0, isBusy = false, isDue = false;
	const run = async () => {
		if (isBusy) {
			isDue = true;
			return;
		}
		isBusy = true;
		do {
			isDue = false;
			await tick();
		} while (isDue);
		isBusy = false;
	};
	const start = () => {
		if (document.hidden) {
			source?.close();
			source = null;
			clearInterval(timer);
			return;
		}
		if (url && !source) {
			source = new EventSource(url);
			for (const name of ['reset', 'changed', 'queues'])
				source.addEventListener(name, run);
		}
		clearInterval(timer);
		if (everyMs)
			timer = setInterval(run, everyMs);
	};
	document.addEventListener('visibilitychange', () => {
		start();
		if (!document.hidden)
			run();
	});
	start();
}
