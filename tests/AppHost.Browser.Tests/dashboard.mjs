// Drives the dashboard in Chromium: node dashboard.mjs <command> <login URL> <picture folder or ->
//   traces    prints the text of the traces page once it shows traces of the storefront
//   edit      edits the list of the storefront in the dialog, and prints the answer and the property before and after
import { chromium } from 'playwright-core';

const [command, loginUrl, pictures] = process.argv.slice(2);
const origin = new URL(loginUrl).origin;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 640 } });
  page.setDefaultTimeout(60_000);
  await page.goto(loginUrl);
  await page.waitForURL(url => !url.pathname.startsWith('/login'));
  await { traces, edit }[command](page);
} finally {
  await browser.close();
}

async function traces(page) {
  await page.goto(`${origin}/traces`);
  await page.getByRole('row').filter({ hasText: 'storefront: ' }).nth(Number(process.env.TRACES ?? 5)).waitFor();
  await picture(page, process.env.PICTURE ?? 'traces');
  console.log(await page.locator('table').first().innerText());
}

async function edit(page) {
  const row = page.getByRole('row').filter({ hasText: 'storefront' }).first();
  await row.click();
  await property(page, 'In force: ');
  await filter(page, 'excluded', page.getByText('Process ID'));
  await picture(page, 'excluded-urls', 440);
  await row.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('menuitem', { name: 'Edit excluded URLs' }).click();
  const dialog = page.locator('fluent-dialog').filter({ hasText: 'Add patterns' });
  await dialog.getByText('^/readyz/?$').first().waitFor();
  await dialog.getByRole('textbox').first().click();
  await page.keyboard.type('^/browser$');
  await picture(page, 'edit-excluded-urls');
  await dialog.locator('fluent-button').filter({ hasText: 'Edit excluded URLs' }).click();

  console.log(await text(page.getByText('The service has confirmed it.').first()));
  await page.keyboard.press('Escape');
  await property(page, 'Edited in this run. In force: ');
}

// The dashboard drops what is typed while it renders an update, so the text is typed until it hides the other properties.
async function filter(page, filterText, other) {
  const input = page.getByPlaceholder('Filter...').last();
  for (let attempt = 0; attempt < 10 && await other.isVisible(); attempt++) {
    await input.fill('');
    await input.pressSequentially(filterText);
    await other.waitFor({ state: 'hidden', timeout: 5_000 }).catch(() => {});
  }
  await other.waitFor({ state: 'hidden' });
}

async function property(page, start) {
  const value = page.getByRole('row').filter({ hasText: 'Excluded URLs' }).filter({ hasText: start }).first();
  console.log(await text(value));
}

async function text(locator) {
  await locator.waitFor();
  return (await locator.innerText()).replace(/\s+/g, ' ').trim();
}

async function picture(page, name, height = page.viewportSize().height) {
  if (pictures !== '-') {
    const clip = { x: 0, y: 0, width: page.viewportSize().width, height };
    await page.screenshot({ path: `${pictures}/${name}.png`, clip });
  }
}
