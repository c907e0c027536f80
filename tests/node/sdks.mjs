// The official Node SDKs, whole and with their stream helpers, against one model of each kind of upstream.
//
// Reads {"gateway", "key", "models": [name], "words", "result"} from standard input and writes one line of JSON for each
// answer: {"model", "dialect", "task", "text", "pieces", "calls", "reason", "usage"}, or "error" in place of the last five.
// What the model shall say and call is written into the user's text, as the simulated upstreams read it.

import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const { gateway, key, models, words, result } = JSON.parse(readFileSync(0, "utf8"));
const openai = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: gateway, apiKey: key, maxRetries: 0 });

const NAME = "get_weather";
const DESCRIPTION = "The weather in a city";
const PARAMETERS = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const TEXT = `[[say:${words}]]`;
const QUESTION = `[[say:${words}]][[call:${NAME} {"city": "Oslo"}]]`;
const BROKEN = `[[sim:drop {"after": 2}]][[say:${words}]]`;

// Each dialect: a whole answer, a streamed one by the SDK's helper, and a conversation with the result of its first call.
const dialects = {
  chat: {
    body: (model, messages, tools) => ({
      model,
      messages,
      ...(tools && { tools: [{ type: "function", function: { name: NAME, description: DESCRIPTION, parameters: PARAMETERS } }] }),
    }),
    whole: async (body) => readChat(await openai.chat.completions.create(body)),
    helper: async (body) => {
      const pieces = [];
      const stream = openai.chat.completions.stream({ ...body, stream_options: { include_usage: true } });
      stream.on("content", (delta) => pieces.push(delta));
      return { ...readChat(await stream.finalChatCompletion()), pieces };
    },
    follow: ({ said, calls: [call] }) => [said, { role: "tool", tool_call_id: call.id, content: result }],
  },
  responses: {
    body: (model, input, tools) => ({
      model,
      input,
      store: false,
      ...(tools && { tools: [{ type: "function", name: NAME, description: DESCRIPTION, parameters: PARAMETERS }] }),
    }),
    whole: async (body) => readResponse(await openai.responses.create(body)),
    helper: async (body) => {
      const pieces = [];
      const stream = openai.responses.stream(body);
      stream.on("response.output_text.delta", (event) => pieces.push(event.delta));
      return { ...readResponse(await stream.finalResponse()), pieces };
    },
    follow: ({ said, calls: [call] }) => [...said, { type: "function_call_output", call_id: call.id, output: result }],
  },
  messages: {
    body: (model, messages, tools) => ({
      model,
      max_tokens: 900,
      messages,
      ...(tools && { tools: [{ name: NAME, description: DESCRIPTION, input_schema: PARAMETERS }] }),
    }),
    whole: async (body) => readMessage(await anthropic.messages.create(body)),
    helper: async (body) => {
      const pieces = [];
      const stream = anthropic.messages.stream(body);
      stream.on("text", (delta) => pieces.push(delta));
      return { ...readMessage(await stream.finalMessage()), pieces };
    },
    follow: ({ said, calls: [call] }) => [
      { role: "assistant", content: said },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: result }] },
    ],
  },
};

function readChat(completion) {
  const [choice] = completion.choices;
  return {
    text: choice.message.content ?? "",
    calls: (choice.message.tool_calls ?? []).map((call) => ({ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) })),
    reason: choice.finish_reason,
    usage: [completion.usage.prompt_tokens, completion.usage.completion_tokens],
    said: choice.message,
  };
}

function readResponse(response) {
  const calls = response.output.filter((item) => item.type === "function_call");
  return {
    text: response.output_text,
    calls: calls.map((call) => ({ id: call.call_id, name: call.name, input: JSON.parse(call.arguments) })),
    reason: response.status,
    usage: [response.usage.input_tokens, response.usage.output_tokens],
    said: response.output,
  };
}

function readMessage(message) {
  const calls = message.content.filter((block) => block.type === "tool_use");
  return {
    text: message.content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    calls: calls.map(({ id, name, input }) => ({ id, name, input })),
    reason: message.stop_reason,
    usage: [message.usage.input_tokens, message.usage.output_tokens],
    said: message.content,
  };
}

async function told(model, dialect, task, ask) {
  try {
    const answer = await ask();
    const { said, ...shown } = answer;
    console.log(JSON.stringify({ model, dialect, task, ...shown }));
    return answer;
  } catch (error) {
    console.log(JSON.stringify({ model, dialect, task, error: `${error.name}: ${error.message}` }));
    return undefined;
  }
}

for (const model of models) {
  for (const [name, dialect] of Object.entries(dialects)) {
    const user = (content) => [{ role: "user", content }];
    for (const mode of ["whole", "helper"]) {
      await told(model, name, `text ${mode}`, () => dialect[mode](dialect.body(model, user(TEXT))));
      const first = await told(model, name, `call ${mode}`, () => dialect[mode](dialect.body(model, user(QUESTION), true)));
      if (first?.calls.length) {
        const turns = [...user(QUESTION), ...dialect.follow(first)];
        await told(model, name, `result ${mode}`, () => dialect[mode](dialect.body(model, turns, true)));
      }
    }
    await told(model, name, "broken helper", () => dialect.helper(dialect.body(model, user(BROKEN))));
  }
}
