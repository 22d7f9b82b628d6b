/**
 * SHA-256 of each output tensor's bytes for rows 0 to 3 of the shipped inputs, each run alone by onnxruntime-web 1.30.0 with one
 * thread: found equal in 19 environments (x86 from SSE4.2 to AMX, arm64, three versions of Node, two JavaScript engines).
 */
export const CANONICAL_VECTORS = [
  {
    name: "cnn_digits",
    rowShape: [1, 1, 8, 8],
    outputs: [
      {
        name: "logits",
        dtype: 1,
        shape: [1, 10],
        rows: [
          "9606a550c0aa77e85cf81b08c02b7139c63599f34496c8e75c400dd6fa3b3a77",
          "08cc2c10604320486d2bfb326291e42008cf06e60cd7dba03757e9c536d8b4ef",
          "c7ff15c3b63854a8668fb32f6f1692d88b767c655850bcfb11062507ff8b4141",
          "5dba5199dc40750932f19578050a922ef7a3884fa85586a5cddfcf41933a2f21",
        ],
      },
      {
        name: "prob",
        dtype: 1,
        shape: [1, 10],
        rows: [
          "d92b65c27be1a56d83f54d3a8588f9a4a308fc167c91f16a1039f7bfb25057fe",
          "a2370fbcaddcfcb9e12d6e5d29e4230c58029ef47a4bef60da13576bab3d5c53",
          "a96dd68a6803201300660014f2d4f00f89a4514f2fb4d470447e2f17bfc6aa63",
          "fbb219f2b0a78a090fc8cb40bdddf2544f63a917421576a0dedbafa04aec5489",
        ],
      },
    ],
  },
  {
    name: "cnn_qop_u8s8",
    rowShape: [1, 1, 8, 8],
    outputs: [
      {
        name: "logits",
        dtype: 1,
        shape: [1, 10],
        rows: [
          "d8496f20825c292a4cc585cded48f7645b7635906902d3e7f04e9e6262251e30",
          "fdeb5f2defc05b8a014a3419f740ffd74728323dbc9017369b347bdfef662f8e",
          "a5bd1f37bef84d4776e1ff0c6200ecd24aa13accab7fb4fc63d8021e8b84fc86",
          "5cce4438d3e58a30ba0e337d1f7dbb10ea825524ec3ac9106b751973a9cf3e84",
        ],
      },
    ],
  },
  {
    name: "cnn_qop_u8u8",
    rowShape: [1, 1, 8, 8],
    outputs: [
      {
        name: "logits",
        dtype: 1,
        shape: [1, 10],
        rows: [
          "cef23f5a7f1c023792a254f427ae4c4d34bb9ac3f583c79bfc643ffb4b545754",
          "f99128245332c1170623164e7a1977aa7b35200435b6e6cbbdc6d28b9369f3c4",
          "f78f0215abbed9487b35f180d48a527170db2f21c503cf426d85224b6f4d0d03",
          "cb0088bdb3c57f1811b56cdf434354acb46de6f9c1fd070da7b42ab0eae11210",
        ],
      },
    ],
  },
  {
    name: "exact_f32_cnn",
    rowShape: [1, 1, 8, 8],
    outputs: [
      {
        name: "y",
        dtype: 1,
        shape: [1, 48],
        rows: [
          "5cd16fa63ec4202fd37ee2a9d082e9efddf28440dc3bb377c1a6e65a6e61e42f",
          "eaccb7492bfeabe683d68e1b0ae64f298273358d49cdbca2e9f9db5ce9a9d0ea",
          "c4b503bd349dc10bba1abbb481f05a22de763df49b029216a62f75c628739885",
          "aab2d4a0f6f72cd3f591d86c2dd3a37f696718c2694322bde2722d6fc7b63267",
        ],
      },
    ],
  },
  {
    name: "gb_diabetes",
    rowShape: [1, 10],
    outputs: [
      {
        name: "y",
        dtype: 1,
        shape: [1, 1],
        rows: [
          "33363a59c9c835c2b8e214bf4c1c6819769cfe62d151a1e8e465d60ec33e3a3e",
          "6b68aaaeefeed18efee9fd65c09eb6a5863ae03bd4d241943655c43759e5c504",
          "944c29b726cfcc84e8ad8d7a82af513b83d61272506f9c0608c33152e9d4308e",
          "40dbf630453a36138759d0728427009777825ef81de735f638ef11414884bff2",
        ],
      },
    ],
  },
  {
    name: "logreg_iris",
    rowShape: [1, 4],
    outputs: [
      {
        name: "logits",
        dtype: 1,
        shape: [1, 3],
        rows: [
          "41f7514e3f8ee522e4d0d5ac5662a3b4beb96c9e509e0b33e159df680f29e3b5",
          "065d5decdce66695fb6dcab030f717eeff7f482bda64169a3b7ee78b3bffc589",
          "eb5016b48aabbd0c450e30c739a23c2434fd18d16382228de718dec6fd33098b",
          "4d87fca5e705ea1a9f15aab75ee46605b56545cf8685af0fdeaa145fce46567b",
        ],
      },
      {
        name: "prob",
        dtype: 1,
        shape: [1, 3],
        rows: [
          "5d04cf9f8acbe584c1076a9619f64ffa86dbfe55bb24d09f337f6a0ff37e26a7",
          "a9714cfa7e91e5da138c55ea224f53a04ad8de39e4a12505dfe725b2a7d39118",
          "4ec670933338791a5e23632d94fb317b1ea0e5d53a1782cf44813ced72926520",
          "b2c7f6c35e2fa742a90659a25b7a8b0bf7b10f1ee3a85f6342df0d6c73f4effc",
        ],
      },
      {
        name: "label",
        dtype: 7,
        shape: [1],
        rows: [
          "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc",
          "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc",
          "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc",
          "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc",
        ],
      },
    ],
  },
  {
    name: "lstm_digits",
    rowShape: [1, 8, 8],
    outputs: [
      {
        name: "logits",
        dtype: 1,
        shape: [1, 10],
        rows: [
          "4e42a3527f951d9586d8b97620add9ea7363ae673b0276d024657a32badd9c40",
          "697c60220dbdfde194da23a6dbb926c454b74101cf591d60061488967ae87480",
          "bb70b1ee765c283bbb99f31a1d4c296b6c15691e2626003b2bb2688fb83344ea",
          "b6d050ed99f076a30ae451da007e5da9fbb15dfef6f4364ba3fc2928d26314f8",
        ],
      },
    ],
  },
  {
    name: "mlp_digits",
    rowShape: [1, 64],
    outputs: [
      {
        name: "logits",
        dtype: 1,
        shape: [1, 10],
        rows: [
          "19861ed9832d4d296a8a55736d2d30960660d1dd38a60b784777c69d805cf7f6",
          "045ef52fb2860b9c0dbbeee48a94baa7db0c8bc589f2c948d3ae531fcc5360dd",
          "6e2f7dc219c00ae67650d13093e8a49f46695a5aaecb11add0036b020f3ccd57",
          "e14ba8aa5e7d0456823d2d18085080cb768ec3df69678f72cbb4c4b281db7eb8",
        ],
      },
      {
        name: "prob",
        dtype: 1,
        shape: [1, 10],
        rows: [
          "fc7ad07bc332cecf3fed36b7e7d091c200f18951fa95d89b088691119db6d739",
          "048a0ad057e3b0293bf87e6ebdfeb5f1751f741d3707d98e1bae0882947da6af",
          "040d1777643c9bb7e47f1a5f03e2e502c2f14075b4f1d4c1eed9fcb07f95f91f",
          "f607a80cb6d103249bfec4f77154c2aca9be92a559922f72d8c2efd23d3ced0c",
        ],
      },
    ],
  },
  {
    name: "rf_cancer",
    rowShape: [1, 30],
    outputs: [
      {
        name: "label",
        dtype: 7,
        shape: [1],
        rows: [
          "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc",
          "7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8",
          "7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8",
          "7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8",
        ],
      },
      {
        name: "prob",
        dtype: 1,
        shape: [1, 2],
        rows: [
          "472a3e443adc48c7c76e6b9f00d93725de89ae069947792e9971db364b0b2f4b",
          "73dd3b33d150a52413dfe0ab3a2949bbcee595622fb62b860eb5c659cba4c379",
          "2a5b27faf92f423ef490a1c097f31808c331665c323498465a2953b2b4774ec9",
          "73dd3b33d150a52413dfe0ab3a2949bbcee595622fb62b860eb5c659cba4c379",
        ],
      },
    ],
  },
  {
    name: "transformer_enc",
    rowShape: [1, 32, 64],
    outputs: [
      {
        name: "y",
        dtype: 1,
        shape: [1, 32, 64],
        rows: [
          "6d424a30e73358bd6c797e4fc889d1f452306aefce919f20ec2e1e8e0ac478cc",
          "9828c9280129dbf76c0c74534f5f37b9a47bea23eab85f19647170ed59832d20",
          "6e758667ce106cbfffaed320b32fcb3509632fb84fb8cbfdf87fb7cea283f844",
          "284f4459043d4ccc472af939ca3c6060d655dfc73dfd51f3333e436a0c47a4a7",
        ],
      },
    ],
  },
] as const;
