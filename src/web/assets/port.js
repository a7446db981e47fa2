// The page of a port: what is here now stays true, commands can be copied, faces need no new page.
// Without this script all of it works by plain links and forms.
import { follow, refetch } from './parts.js';

function keepLive() {
	const live = () => document.getElementById('live');
	const { live: url, events } = live()?.dataset ?? {};
	if (url)
		follow(events, 1500, () => refetch(url));
}

async function copy(button) {
	const source = document.getElementById(button.dataset.copy);
	try {
		await navigator.clipboard.writeText(source.textContent.trim());
	} catch { // no clipboard (plain HTTP from elsewhere): select it, so that Ctrl+C does it
		getSelection().selectAllChildren(source);
		return;
	}
	const label = button.textContent;
	button.textContent = button.dataset.done ?? label;
	setTimeout(() => { button.textContent = label; }, 1500);
}

function offerCopies() {
	for (const button of document.querySelectorAll('button.copy[data-copy]')) {
		button.hidden = false;
		button.addEventListener('click', () => copy(button));
	}
}

async function judge(form, submitter) {
	const said = document.getElementById('faces-said');
	const body = new URLSearchParams(new FormData(form));
	if (submitter?.name)
		body.set(submitter.name, submitter.value);
	let isTaken = false;
	try {
		const answer = await fetch(form.action, { method: 'POST', body,
			headers: { Accept: 'application/json' } });
		isTaken = answer.ok;
	} catch {
		// not taken, then
	}
	said.textContent = isTaken ? said.dataset.thanks : '';
	document.getElementById('faces-denied').hidden = isTaken;
	const count = isTaken ? submitter?.querySelector('.count') : null;
	if (count)
		count.textContent = Number(count.textContent) + 1;
	for (const button of form.querySelectorAll('button'))
		button.setAttribute('aria-pressed', String(isTaken && button === submitter));
}

function offerFaces() {
	const form = document.getElementById('faces');
	if (!form || !document.getElementById('faces-said'))
		return;
	form.addEventListener('submit', event => {
		event.preventDefault();
		judge(form, event.submitter);
	});
}

keepLive();
offerCopies();
offerFaces();
document.documentElement.dataset.ready = 'yes';
